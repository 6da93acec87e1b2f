import Foundation
import XlingAlignment
import XlingExperiments
import XlingRuns

/// One row of a comparison: a run, or runs that differ by nothing but their seed, whose figures are
/// means.
public struct CompareEntry: Sendable, Equatable {
  public var label: String
  /// Seed by seed, in the order given.
  public var runs: [String]

  /// A run each.
  public static func single(_ runs: [String]) -> [CompareEntry] {
    runs.map { CompareEntry(label: $0, runs: [$0]) }
  }

  /// Runs of one configuration but for the seed together, where the first of them stands.
  public static func pooled(_ runs: [String], in store: ExperimentStore) throws -> [CompareEntry] {
    var entries: [CompareEntry] = []
    var place: [Data: Int] = [:]
    for run in runs {
      var key = try store.run(named: run).key.canonical
      var configuration = try JSONDecoder().decode(
        AlignmentConfiguration.self, from: Data(key.recipe.utf8))
      configuration.seed = 0
      // Where each seed draws pairs of its own, those are the seed's, too.
      if let mix = configuration.mix, mix.drawsBySeed == true {
        for at in mix.parts.indices { configuration.mix?.parts[at].hash = "" }
      }
      let encoder = JSONEncoder()
      encoder.outputFormatting = .sortedKeys
      key.recipe = String(decoding: try encoder.encode(configuration), as: UTF8.self)
      key.seed = 0
      let identity = try encoder.encode(key)
      if let at = place[identity] {
        entries[at].runs.append(run)
      } else {
        place[identity] = entries.count
        entries.append(CompareEntry(label: key.method, runs: [run]))
      }
    }
    let methods = Dictionary(grouping: entries, by: \.label).mapValues(\.count)
    for at in entries.indices {
      let isUnique = methods[entries[at].label] == 1 && entries[at].runs.count > 1
      if !isUnique { entries[at].label = entries[at].runs[0] }
      if entries[at].runs.count > 1 { entries[at].label += " (\(entries[at].runs.count) seeds)" }
    }
    return entries
  }
}
