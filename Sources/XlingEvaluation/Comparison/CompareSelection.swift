import XlingExperiments

/// What is compared: stored results of one protocol.
public struct CompareSelection: Sendable {
  /// Evaluations that a comparison needs and the store lacks.
  public struct Missing: Sendable, Equatable {
    /// The stored name.
    public let run: String
    /// Empty: the run has none at all.
    public let languages: [String]
    /// The protocol that the other runs have; nil where no run has any.
    public let measured: EvaluationProtocol?
  }

  public var dataset: String
  public var split: String
  public var subset: String
  /// The beginning of a protocol's hash.
  public var protocolHash: String?
  /// A sentence on how missing evaluations are made, for the message.
  public var remedy: @Sendable (Missing) -> String

  public init(
    dataset: String, split: String = "test", subset: String = "all", protocolHash: String? = nil,
    remedy: @escaping @Sendable (Missing) -> String = { _ in "" }
  ) {
    self.dataset = dataset
    self.split = split
    self.subset = subset
    self.protocolHash = protocolHash
    self.remedy = remedy
  }

  func missing(
    _ run: String, languages: [String], like measured: EvaluationProtocol?
  ) -> CompareFailure {
    let what =
      "dataset '\(dataset)', \(split), subset '\(subset)'"
      + (languages.isEmpty ? "" : ", in " + languages.joined(separator: ", "))
    let missing = Missing(run: run, languages: languages, measured: measured)
    return .missing(run: run, what: what, remedy: remedy(missing))
  }

  /// By run, in the order given. Throws ``CompareFailure``,
  /// `ExperimentFailure.mixedProtocols`.
  func evaluations(of runs: [String], in store: ExperimentStore) throws -> [[Evaluation]] {
    let all = try runs.map { try store.evaluations(of: $0).filter(matches) }
    if let without = all.firstIndex(where: \.isEmpty) {
      throw missing(
        runs[without], languages: [], like: all.first { !$0.isEmpty }?.first?.measured)
    }
    var shared = Set(all[0].map(\.measured.hash))
    for part in all.dropFirst() { shared.formIntersection(part.map(\.measured.hash)) }
    // Measured again since an earlier version did: of the two, what names the data by their bytes.
    let common = all[0].map(\.measured).filter { shared.contains($0.hash) }
    for each in common where common.contains(where: each.isRenewed(in:)) {
      shared.remove(each.hash)
    }
    guard let hash = shared.first else {
      // Names the field in which they differ.
      try EvaluationProtocol.requireOne(all.compactMap { $0.first?.measured })
      return []
    }
    if shared.count > 1 {
      var known: Set<String> = []
      for each in all[0].map(\.measured) where shared.contains(each.hash) {
        known.insert(
          "\(each.hash.prefix(12))  captions: \(each.captions); data \(each.datasetHash.prefix(12))"
        )
      }
      throw CompareFailure.severalProtocols(known: known.sorted())
    }
    return all.map { $0.filter { $0.measured.hash == hash } }
  }

  private func matches(_ evaluation: Evaluation) -> Bool {
    let measured = evaluation.measured
    return measured.dataset == dataset && measured.split == split && measured.subset == subset
      && measured.hash.hasPrefix(protocolHash ?? "")
  }
}
