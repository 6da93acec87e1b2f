import Foundation
import XlingAlignment
import XlingCore
import XlingData
import XlingRetrieval
import XlingRuns
import XlingTensor
import XlingTokenizers
import XlingTowers

/// What alignment did to what the text tower knew: how far its LayerNorms moved, how alike its
/// states of each language are before and after, and how well it still finds a caption's
/// translation.
public struct Drift: Codable, Sendable {
  public struct Language: Codable, Sendable {
    public let language: String
    /// Captions: the first of each picture that has one in the language and in the pivot.
    public let n: Int
    /// Linear CKA of `[CLS]` before and after, from the embeddings' output up to the last layer
    /// that both towers have.
    public let alignment: [Double?]
    /// R@1 of finding the pivot's caption of the same picture among `n`, by cosine of `[CLS]`.
    /// Nil for the pivot itself.
    public let before: Estimate?
    public let after: Estimate?
    /// What chance is expected to reach; nil for the pivot, and in results of earlier versions.
    public let chance: Double?
  }

  public let run: String
  public let dataset: String
  public let split: String
  public let norms: [LayerNormShift]
  /// The language that the run was aligned on.
  public let pivot: String
  public let languages: [Language]
}

/// Measures a finished run against its towers as they were.
public struct DriftMeasurement {
  private let run: LoadedRun
  private let before: TextTower
  private let imageBefore: ImageTower
  private let dataset: Dataset
  private let split: Split
  private let limit: Int

  /// The first `limit` pictures of the split. Throws ``EvaluationFailure/startUnknown(run:)`` and what
  /// loading the towers throws.
  public init(_ run: LoadedRun, dataset: Dataset, split: Split, limit: Int = 500) throws {
    guard run.record.imported?.hasStart != false else {
      throw EvaluationFailure.startUnknown(run: run.folder)
    }
    self.run = run
    self.dataset = dataset
    self.split = split
    self.limit = limit
    before = try TextTower.load(
      run.record.identity.text, run.record.identity.configuration)
    imageBefore = try ImageTower.load(
      run.record.identity.image, run.record.identity.configuration)
  }

  /// Throws `DataFailure` for a language without captions, `RetrievalFailure`.
  public func measure(_ languages: [String]) throws -> Drift {
    let pivot = run.record.identity.configuration.language
    return Drift(
      run: run.name, dataset: dataset.name, split: split.rawValue,
      norms: [
        LayerNormShift(tower: "text", before: before, after: run.model.text),
        LayerNormShift(tower: "image", before: imageBefore, after: run.model.image),
      ], pivot: pivot, languages: try languages.map { try language($0, pivot) })
  }

  private func language(_ language: String, _ pivot: String) throws -> Drift.Language {
    let items = try dataset.gold(language, split).items.filter {
      $0.captions[pivot] != nil
    }.prefix(limit)
    guard items.count >= 2 else {
      throw DataFailure.badDataset(
        path: dataset.folder,
        reason: "fewer than two pictures of split \(split.rawValue) have captions in \(language) "
          + "and in \(pivot).")
    }
    let own = try items.map { try ids($0.captions[language]?.first ?? "", language) }
    let other = try items.map { try ids($0.captions[pivot]?.first ?? "", pivot) }
    let old = try states(own, in: before)
    let new = try states(own, in: run.model.text)
    let isPivot = language == pivot
    func found(_ tower: TextTower, _ states: EmbeddingMatrix) throws -> Estimate? {
      guard !isPivot else { return nil }
      let gallery = try self.states(other, in: tower)
      return try estimate(states, gallery[gallery.count - 1], items.count)
    }
    return Drift.Language(
      language: language, n: items.count,
      alignment: zip(old, new).map { KernelAlignment.linear($0, $1) },
      before: try found(before, old[old.count - 1]),
      after: try found(run.model.text, new[new.count - 1]),
      chance: isPivot ? nil : 1 / Double(items.count))
  }

  private func ids(_ caption: String, _ language: String) throws -> [Int32] {
    try run.record.identity.configuration.captions.ids(
      of: caption, language: language, by: run.tokenizer)
  }

  /// The pooled states, `[CLS]` where nothing else is declared, as they enter each layer and leave the last,
  /// a row a caption; before any head.
  private func states(_ sequences: [[Int32]], in tower: TextTower) throws -> [EmbeddingMatrix] {
    let workspace = Workspace()
    let width = tower.width * tower.pooling.modes.count
    var states = [[Float]](repeating: [], count: tower.encoder.layers.count + 1)
    for first in stride(from: 0, to: sequences.count, by: 64) {
      workspace.reset()
      let part = Array(sequences[first..<min(first + 64, sequences.count)])
      let activations = tower.forward(TokenBatch(part), in: workspace, training: false)
      for (layer, hidden) in activations.encoder.hidden.enumerated() {
        let pooled = tower.pool(activations, hidden, by: tower.pooling, in: workspace)
        states[layer].append(contentsOf: pooled.array())
      }
    }
    return try states.enumerated().map { layer, values in
      try EmbeddingMatrix(values, width: width, name: "states of layer \(layer)")
    }
  }

  /// By cosine.
  private func estimate(
    _ queries: EmbeddingMatrix, _ gallery: EmbeddingMatrix, _ n: Int
  ) throws -> Estimate {
    var (queries, gallery) = (queries, gallery)
    queries.scaleToUnitLength()
    gallery.scaleToUnitLength()
    let ranking = try Ranking(
      queries: queries, gallery: gallery, gold: GoldRelation(single: (0..<Int32(n)).map { $0 }))
    return try Resamples(clusterCount: n, seed: 0).estimate(
      .recall(at: 1), of: ranking, clusters: Clusters(independent: n))
  }
}
