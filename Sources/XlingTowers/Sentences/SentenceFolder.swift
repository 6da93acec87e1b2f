import Foundation
import XlingCore
import XlingTensor

/// What a folder of sentence-transformers (Reimers and Gurevych 2019) has behind its tower: how it pools, and
/// what follows. Opening reads configurations and the headers of dense layers.
public struct SentenceFolder {
  /// A dense layer in a folder of its own.
  public struct Dense {
    /// "2_Dense"
    public let path: String
    public let inputs: Int
    public let outputs: Int
    public let hasBias: Bool
    public let activation: TextHead.Activation
    let weights: Checkpoint
  }

  public enum Step {
    case dense(Dense)
    case normalize
  }

  public let folder: String
  /// nil where the tower's own output is taken (CLIP).
  public let pooling: TextPooling?
  public let steps: [Step]
  /// The width that the pooling's file names.
  private let pooledWidth: (file: String, width: Int)?
  public private(set) var declarations: [Declaration] = []

  /// nil for a folder without `modules.json`. Throws ``TowerFailure``, ``FileFailure``.
  public init?(_ folder: String) throws {
    guard let modules = try SentenceModules(folder) else { return nil }
    self.folder = folder
    var (pooling, width): (TextPooling?, (String, Int)?) = (nil, nil)
    var steps: [Step] = []
    var declarations: [Declaration] = []
    for module in modules.modules {
      let use: String
      switch module.kind {
      case .transformer: use = "the tower" + (module.path.isEmpty ? "" : ", in \(module.path)")
      case .clip: use = "both towers of CLIP, in \(module.path)"
      case .pooling: use = "computed"
      case .dense: use = "computed"
      case .normalize: use = "vectors get length one"
      case .dropout: use = "not needed: it leaves numbers out in its own training only"
      }
      declarations.append(
        Declaration(
          file: SentenceModules.fileName, key: module.kind.rawValue, value: module.type, use: use))
      let path = folder + "/" + module.path
      switch module.kind {
      case .transformer, .clip, .dropout: break
      case .pooling:
        let file = try PoolingFile(path + "/config.json", shown: module.path + "/config.json")
        (pooling, width) = (file.pooling, file.width.map { (file.shown, $0) })
        declarations += file.declarations
      case .dense:
        let (dense, found) = try Self.dense(module.path, in: folder)
        steps.append(.dense(dense))
        declarations += found
      case .normalize: steps.append(.normalize)
      }
    }
    self.pooling = pooling
    self.steps = steps
    pooledWidth = width
    self.declarations = declarations
  }

  private static func dense(
    _ path: String, in folder: String
  ) throws -> (Dense, [Declaration]) {
    let fields = try ConfigurationFields(folder + "/" + path + "/config.json")
    let name = try fields.text("activation_function") ?? "torch.nn.modules.activation.Tanh"
    guard let activation = TextHead.Activation(torch: name) else {
      throw fields.refuse(
        "activation_function is \"\(name)\"; Identity, Tanh, ReLU, GELU, SiLU and Sigmoid of torch.nn "
          + "are supported")
    }
    guard try !fields.flag("use_residual", default: false) else {
      throw fields.refuse("use_residual is true; dense layers without a residual are supported")
    }
    for key in ["module_input_name", "module_output_name"] {
      if let name = try fields.text(key), name != "sentence_embedding" {
        throw fields.refuse("\(key) is \"\(name)\", expected \"sentence_embedding\"")
      }
    }
    let dense = Dense(
      path: path, inputs: try fields.size("in_features"), outputs: try fields.size("out_features"),
      hasBias: try fields.flag("bias", default: true), activation: activation,
      weights: try Checkpoint(folder + "/" + path))
    let file = path + "/config.json"
    let declarations = [
      Declaration(
        file: file, key: "in_features, out_features", value: "\(dense.inputs), \(dense.outputs)",
        use: "a dense layer \(dense.hasBias ? "with" : "without") bias"),
      Declaration(
        file: file, key: "activation_function", value: name, use: "computed: \(activation.rawValue)"
      ),
    ]
    return (dense, declarations)
  }

  /// SHA-256 of the weights behind the pooling; nil where there are none.
  public func contentHash() throws -> String? {
    let hashes = try steps.compactMap { step -> String? in
      guard case .dense(let dense) = step else { return nil }
      return try dense.weights.contentHash()
    }
    return hashes.isEmpty ? nil : Digest.of(Data(hashes.joined(separator: "\n").utf8))
  }

  /// Every width is the one that comes before. Throws ``TowerFailure/configuration(path:reason:)``.
  func check(towerWidth: Int, pooling: TextPooling) throws(TowerFailure) {
    if let pooledWidth, pooledWidth.width != towerWidth {
      throw .configuration(
        path: folder + "/" + pooledWidth.file,
        reason:
          "it pools vectors of width \(pooledWidth.width), the tower's are \(towerWidth) wide. It is "
          + "another tower's file, or the tower another's")
    }
    var width = towerWidth * pooling.modes.count
    for case .dense(let dense) in steps {
      guard dense.inputs == width else {
        throw .configuration(
          path: folder + "/" + dense.path + "/config.json",
          reason: "in_features is \(dense.inputs), but vectors of width \(width) come to it")
      }
      width = dense.outputs
    }
  }

  /// The steps with their weights; nil where nothing follows the pooling. Throws ``TowerFailure``.
  func head(inputs: Int) throws -> TextHead? {
    guard !steps.isEmpty else { return nil }
    let loaded = try steps.map { step -> TextHead.Step in
      switch step {
      case .normalize: .normalize
      case .dense(let dense): .dense(try dense.linear(), dense.activation)
      }
    }
    return TextHead(loaded, inputs: inputs, isOfCheckpoint: false)
  }
}

extension SentenceFolder.Dense {
  /// Throws ``TowerFailure/tensors(path:problems:)``.
  func linear() throws -> Linear {
    let linear = Linear(path + ".linear", from: inputs, to: outputs, bias: hasBias)
    var problems: [String] = []
    for parameter in linear.parameters {
      let name = String(parameter.name.dropFirst(path.count + 1))
      guard let tensor = weights.tensors[name] else {
        problems.append("missing: \(name) \(parameter.shape)")
        continue
      }
      guard tensor.shape == parameter.shape, tensor.type.isWeight, tensor.fitsFile else {
        problems.append(
          "\(name): \(tensor.type.rawValue) \(tensor.shape), expected floats \(parameter.shape)")
        continue
      }
      tensor.place(into: parameter)
    }
    let known: Set = ["linear.weight", hasBias ? "linear.bias" : ""]
    for name in weights.tensors.keys.sorted() where !known.contains(name) {
      problems.append("unexpected: \(name) \(weights.tensors[name]?.shape ?? [])")
    }
    guard problems.isEmpty else {
      throw TowerFailure.tensors(path: weights.path, problems: problems)
    }
    return linear
  }
}
