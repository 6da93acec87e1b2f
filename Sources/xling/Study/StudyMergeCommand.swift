import ArgumentParser
import XlingCore
import XlingStudies

struct StudyMergeCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "merge",
    abstract: "Join stores of one study, of shards or of machines, in a new one.",
    discussion: """
      The same cell in two stores must agree to the bit; where it does not, nothing is written and the places are \
      named.
      """)

  @Argument(help: "Stores: study.sqlite of each shard.")
  var stores: [String]

  @Option(help: "The new store, by convention FOLDER/study.sqlite of the whole study.")
  var output: String

  @Flag(help: "Keep the new store on a network file system.")
  var allowNetworkStore = false

  @OptionGroup var json: JSONOption

  func run() throws {
    let lock = try FileLock(output: output, makingParents: true)
    defer { lock.release() }
    let merge = try StudyStore.merge(stores, into: output, allowsNetwork: allowNetworkStore)
    try json.print(merge) {
      "\(merge.output): \(merge.cells) cells and tries of \(merge.stores.count) stores, \(merge.done) finished"
        + (merge.shared > 0 ? ", \(merge.shared) of them in several and the same to the bit" : "")
    }
  }
}
