// The translation unit that the precompiled header is built with.
