import XlingAlignment
import XlingCore
import XlingEvaluation
import XlingRuns
import XlingTowers

/// What is said of weights that compute, but hardly what they should: tensors that hold NaN or infinity
/// are named on stderr.
enum TowerWarnings {
  static func nonFinite(_ tower: some Tower, in source: TowerCheckpoint) throws {
    warn(source.checkpoint.path, try source.nonFiniteTensors(of: tower))
  }

  /// The towers that a run begins with.
  static func nonFinite(_ model: DualEncoder, text: TowerSource, image: TowerSource) throws {
    try nonFinite(model.text, in: try TowerCheckpoint(text.folder))
    try nonFinite(model.image, in: try TowerCheckpoint(image.folder))
  }

  /// A run's towers as they came, and what it trained.
  static func nonFinite(_ run: LoadedRun) throws {
    let weights = RunFolder(run.folder).weights
    let stored = Set(try Checkpoint(weights).tensors.keys)
    let trained = run.model.parameters.filter { stored.contains($0.name) }
    warn(weights, trained.filter { $0.parameter.isNonFinite }.map { $0.name })
    func names(_ side: String) -> Set<String> {
      Set(trained.filter { $0.name.hasPrefix(side) }.map { $0.parameter.name })
    }
    let identity = run.record.identity
    let text = try TowerCheckpoint(identity.text.folder)
    warn(
      text.checkpoint.path,
      try text.nonFiniteTensors(of: run.model.text, except: names("text.")))
    let image = try TowerCheckpoint(identity.image.folder)
    warn(
      image.checkpoint.path,
      try image.nonFiniteTensors(of: run.model.image, except: names("image.")))
  }

  private static func warn(_ path: String, _ names: [String]) {
    guard !names.isEmpty else { return }
    ProgressBar.toStandardError(
      "xling: warning: \(path) holds NaN or infinity in \(names.joined(separator: ", "))\n")
  }
}
