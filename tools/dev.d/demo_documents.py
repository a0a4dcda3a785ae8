"""The documents of the demo: which, and whether they came back as they went in."""

import hashlib
import os
from collections import Counter
from dataclasses import dataclass
from pathlib import Path

import ui

_MOST_FILES = 100
_MOST_BYTES = 30 * 1024 * 1024
_LARGEST = 8 * 1024 * 1024
_FOUND_BELOW = ("/usr/share/doc", "/usr/share/man", "/usr/share/pixmaps", "/usr/share/icons",
                "/usr/share/perl5", "/usr/lib/python3", "/usr/share")
_TYPES = (".pdf", ".html", ".txt", ".md", ".png", ".svg", ".jpg", ".gif", ".xml", ".json", ".csv",
          ".gz", ".zip", ".odt", ".docx", ".ps", ".rst", ".css", ".tex", ".ico", ".yaml")
_PIECE = 1 << 20


@dataclass(frozen=True)
class Source:
    """A file as it is before it is filed."""

    label: str
    size: int
    sha256: str


def sha256_of(path):
    digest = hashlib.sha256()
    with open(path, "rb") as file:
        while piece := file.read(_PIECE):
            digest.update(piece)
    return digest.hexdigest()


def printable(path):
    """A file name may hold any bytes; a terminal may not."""
    text = os.fsencode(path).decode("utf-8", "replace")
    return "".join(c if c.isprintable() else "\N{REPLACEMENT CHARACTER}" for c in text)


def scan(folder):
    """All regular files below `folder`, and what was left out because it is none."""
    sources, skipped = [], []

    def unreadable(error):
        raise ui.Failure(f"cannot read {printable(error.filename)}: {error.strerror}",
                         "Name a folder you may read.")

    for place, folders, files in os.walk(folder, onerror=unreadable):
        skipped += [os.path.join(place, name) for name in folders
                    if os.path.islink(os.path.join(place, name))]
        for name in files:
            path = os.path.join(place, name)
            if not os.path.isfile(path):
                skipped.append(path)
                continue
            try:
                sources.append(Source(printable(os.path.relpath(path, folder)),
                                      os.path.getsize(path), sha256_of(path)))
            except OSError as error:
                unreadable(error)
    return sources, skipped


def kinds(names):
    """How many of each file extension, most frequent first."""
    count = Counter(Path(name).suffix.lower() or "(none)" for name in names)
    return ", ".join(f"{number} {suffix}" for suffix, number in count.most_common(12))


def find_on_machine(folder):
    """Links to documents of many types that Debian brings along, below `folder`."""
    by_type = {suffix: [] for suffix in _TYPES}
    for root in _FOUND_BELOW:
        for place, folders, files in os.walk(root):
            folders.sort()
            for name in sorted(files):
                kept = by_type.get(os.path.splitext(name)[1].lower())
                if kept is not None and len(kept) < 4 * _MOST_FILES:
                    kept.append(os.path.join(place, name))
        if sum(bool(kept) for kept in by_type.values()) >= 12:
            break
    chosen = _choose([_spread(kept) for kept in by_type.values() if kept])
    if not chosen:
        raise ui.Failure("no documents were found below /usr/share",
                         "Name a folder with some: tools/dev demo FOLDER")
    for path in chosen:
        link = folder / path.lstrip("/")
        link.parent.mkdir(parents=True, exist_ok=True)
        link.symlink_to(path)
    return chosen


def _spread(paths):
    """The largest first, but every second one from the small end: both sizes matter."""
    sized = sorted((os.path.getsize(path), path) for path in set(map(os.path.realpath, paths))
                   if os.path.isfile(path) and os.access(path, os.R_OK))
    ordered = []
    while sized:
        ordered.append(sized.pop())
        if sized:
            ordered.append(sized.pop(0))
    return ordered


def _choose(types):
    """One of each type in turn, within the bounds."""
    chosen, total = [], 0
    while any(types) and len(chosen) < _MOST_FILES:
        for paths in types:
            while paths:
                size, path = paths.pop(0)
                if size <= _LARGEST and total + size <= _MOST_BYTES:
                    chosen.append(path)
                    total += size
                    break
    return chosen[:_MOST_FILES]


def compare_listed(sources, listed):
    """Every source is listed once, and nothing else is. `listed`: documents from the client."""
    wanted = Counter((source.size, source.sha256) for source in sources)
    found = Counter((int(document["content"]["size"]), _hex(document["content"]["sha256"]))
                    for document in listed)
    _require_equal(sources, wanted, found, "is not in the list of documents")


def compare_folder(sources, folder):
    """Every source came back in `folder`, and nothing else did."""
    wanted = Counter((source.size, source.sha256) for source in sources)
    found = Counter((path.stat().st_size, sha256_of(path))
                    for path in folder.iterdir())
    _require_equal(sources, wanted, found, "did not come back as it was filed")


def _hex(base64_text):
    import base64
    return base64.b64decode(base64_text).hex()


def _require_equal(sources, wanted, found, what):
    if wanted == found:
        return
    lost = wanted - found
    names = [source.label for source in sources if (source.size, source.sha256) in lost]
    lines = [f"{name} {what}" for name in names[:10]]
    surplus = sum((found - wanted).values())
    if surplus:
        lines.append(f"{surplus} contents are there that no file of the folder has")
    raise ui.Failure(f"{sum(lost.values())} of {sum(wanted.values())} documents differ:\n    "
                     + "\n    ".join(lines))
