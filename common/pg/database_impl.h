#pragma once

// The typed shell around Database::RunUntyped. Included by database.h only.

namespace sockel::pg {

template <typename Tx, typename Fn>
auto Database::Typed(const Caller& caller, std::string_view name, Mode mode, Fn&& fn)
    -> std::invoke_result_t<Fn, Tx&> {
  using Result = std::invoke_result_t<Fn, Tx&>;
  if constexpr (std::is_same_v<Result, absl::Status>) {
    return RunUntyped(caller, name, mode, Codec{},
                      [&](Transaction& tx) { return fn(static_cast<Tx&>(tx)); });
  } else {
    using Value = typename Result::value_type;
    Result result = absl::UnknownError("not run");
    Codec codec;
    if constexpr (std::is_base_of_v<google::protobuf::MessageLite, Value>) {
      codec.serialize = [&] { return result->SerializeAsString(); };
      codec.parse = [&](std::string_view bytes) {
        Value value;
        if (!value.ParseFromArray(bytes.data(), static_cast<int>(bytes.size()))) return false;
        result = std::move(value);
        return true;
      };
    }
    absl::Status status = RunUntyped(caller, name, mode, codec, [&](Transaction& tx) {
      result = fn(static_cast<Tx&>(tx));
      return result.status();
    });
    if (!status.ok()) return status;
    return result;
  }
}

}  // namespace sockel::pg
