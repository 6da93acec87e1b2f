import ArgumentParser
import Foundation
import XlingCore
import XlingExperiments

struct CachePruneCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "prune",
    abstract: "Remove what was not used for long, or what is beyond a size.",
    discussion: """
      Embeddings and vectors go file by file, states trunk by trunk, what was used longest ago first. What a \
      process uses stays.
      """)

  @Option(
    help: ArgumentHelp(
      "What was not used for so long: 30d, 12h, 45m.", valueName: "time"), transform: seconds)
  var olderThan: Double?

  @Option(
    help: ArgumentHelp("Until no more than so much is left: 10GB, 0.", valueName: "size"),
    transform: TrunkOptions.bytes)
  var limit: Int?

  @OptionGroup var store: StoreOption

  @OptionGroup var json: JSONOption

  private struct Report: Encodable {
    let schema = "xling.cache-prune/1"
    let removed: [String]
    let bytes: Int
    let inUse: [String]
  }

  func validate() throws {
    if olderThan == nil, limit == nil {
      throw ValidationError(
        "say what to remove: --older-than 30d, --limit 10GB, or --limit 0 for all")
    }
  }

  func run() throws {
    let pruned = try CacheInventory(besideStore: try store.existing().path).prune(
      usedBefore: olderThan.map { Date(timeIntervalSinceNow: -$0) }, limit: limit)
    guard !json.isAsked else {
      print(
        try JSONText.encode(
          Report(removed: pruned.removed, bytes: pruned.bytes, inUse: pruned.inUse)))
      return
    }
    let lines =
      pruned.removed.map { "removed  \($0)" } + pruned.inUse.map { "in use   \($0)" }
      + ["\(ByteSize.text(pruned.bytes)) removed"]
    print(lines.joined(separator: "\n"))
  }

  @Sendable private static func seconds(_ text: String) throws -> Double {
    let units = ["d": 86_400.0, "h": 3_600, "m": 60, "s": 1]
    guard let unit = text.last.flatMap({ units[String($0)] }), let count = Double(text.dropLast()),
      count >= 0, count < 1e6
    else { throw ValidationError("'\(text)' is no span of time; expected one such as 30d or 12h") }
    return count * unit
  }
}
