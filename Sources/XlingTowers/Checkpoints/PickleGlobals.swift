/// The names that a PyTorch checkpoint may mention. None of them is ever looked up or run: each is a
/// case that the unpickler itself knows how to build.
enum PickleGlobals {
  /// `torch.FloatStorage` and its kin.
  static let storages: [String: ElementType] = [
    "torch.DoubleStorage": .float64, "torch.FloatStorage": .float32,
    "torch.HalfStorage": .float16, "torch.BFloat16Storage": .bfloat16,
    "torch.LongStorage": .int64, "torch.IntStorage": .int32, "torch.ShortStorage": .int16,
    "torch.CharStorage": .int8, "torch.ByteStorage": .uint8, "torch.BoolStorage": .bool,
  ]

  static let tensorBuilders: Set = [
    "torch._utils._rebuild_tensor", "torch._utils._rebuild_tensor_v2",
    "torch._utils._rebuild_parameter",
  ]

  static let dictionaries: Set = [
    "collections.OrderedDict", "collections.defaultdict", "builtins.dict", "__builtin__.dict",
  ]

  static let sequences: Set = [
    "torch.Size", "builtins.list", "__builtin__.list", "builtins.tuple", "__builtin__.tuple",
    "builtins.set", "__builtin__.set",
  ]

  /// Types named as values, and the settings that training code leaves beside its weights: LilT's
  /// omegaconf, DINO's and DeiT's argparse. Their content is read past.
  static let settings: Set = [
    "argparse.Namespace", "omegaconf.dictconfig.DictConfig", "omegaconf.listconfig.ListConfig",
    "omegaconf.base.ContainerMetadata", "omegaconf.base.Metadata", "omegaconf.nodes.AnyNode",
    "typing.Any", "builtins.int", "__builtin__.int", "__builtin__.long", "builtins.float",
    "__builtin__.float", "builtins.str", "__builtin__.str", "__builtin__.unicode",
    "builtins.bool", "__builtin__.bool", "torch.device",
  ]

  static func allows(_ name: String) -> Bool {
    storages[name] != nil || tensorBuilders.contains(name) || dictionaries.contains(name)
      || sequences.contains(name) || settings.contains(name)
  }
}
