import ArgumentParser
import Foundation
import XlingCore
import XlingData
import XlingEvaluation
import XlingJobs

struct AuditCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "audit",
    abstract: "Find test pictures and captions that are in the training data as well.",
    discussion: """
      A test picture is in the training data when its bytes are, when both go by one number of COCO \
      or Flickr, or when two perceptual hashes differ in a few bits only. Captions are compared \
      without case and punctuation. Status 1 when a picture was found.
      """)

  @Option(
    help: """
      Training data: scenes, emoji, stamps, a dataset folder, or a name of `xling data list` (default: \
      those of the newest finished run).
      """)
  var train: String?

  @Option(help: "Test data, named alike (default: those of the newest finished run).")
  var test: String?

  @Option(help: "The split of the training data.")
  var trainSplit: Split = .train

  @Option(help: "The split of the test data.")
  var testSplit: Split = .test

  @Option(help: "The folder with the files of a published training set (default: in data/).")
  var trainRoot: String?

  @Option(help: "The folder with the files of a published test set (default: in data/).")
  var testRoot: String?

  @OptionGroup var links: LinkOptions

  @Option(
    help: "Bits of 64 in which both perceptual hashes of one picture may differ.",
    transform: NumberRange.whole(0...64))
  var distance = 4

  @Option(help: "Write the names of the test pictures found to this file, one a line.")
  var output: String?

  @OptionGroup var store: StoreOption

  @OptionGroup var guess: GuessOption

  @OptionGroup var threads: ThreadsOption

  @OptionGroup var json: JSONOption

  private struct Report: Encodable {
    let schema = "xling.audit/1"
    let distance: Int
    let audit: LeakAudit
  }

  func run() throws {
    threads.apply()
    Interruption.watch()
    let own = try ownData()
    let audit = try LeakAudit(
      train: try source(train ?? own, trainRoot).told(), trainSplit,
      test: try source(test ?? own, testRoot).told(), testSplit, distance: distance)
    if let output {
      try AtomicFile.write(audit.leaks.map { $0.test + "\n" }.joined(), to: output)
    }
    try json.print(Report(distance: distance, audit: audit)) { text(audit) }
    if !audit.leaks.isEmpty { throw ExitCode(ExitStatus.belowThreshold.rawValue) }
  }

  /// What the newest finished run was trained on, where it is needed; empty where both are named.
  private func ownData() throws -> String {
    guard train == nil || test == nil else { return "" }
    try guess.allow("both", example: "xling audit --train scenes --test scenes")
    let found = try RunOption.newest(in: store)
    let name = try withDataChoices { try OwnData.source(ofRun: found.folder).name }
    ProgressBar.toStandardError("xling: its own data, \(name)\n")
    return name
  }

  private func source(_ name: String, _ root: String?) -> DataSource {
    DataSource(name, root: root, followsLinks: links.followLinks)
  }

  private func text(_ audit: LeakAudit) -> String {
    let share = 100 * Double(audit.leaks.count) / Double(max(1, audit.testPictures))
    var lines = [
      String(
        format: "%d of %d test pictures (%.1f %%) are among %d training pictures",
        audit.leaks.count, audit.testPictures, share, audit.trainPictures)
    ]
    for reason in LeakAudit.Reason.allCases {
      let leaks = audit.leaks.filter { $0.reason == reason }
      guard !leaks.isEmpty else { continue }
      lines.append("\(reason.rawValue): \(leaks.count)")
      for leak in leaks.prefix(10) {
        let bits = reason == .looks ? "  \(leak.distance) bits" : ""
        lines.append("  \(leak.test)  \(leak.train)\(bits)")
      }
      if leaks.count > 10 { lines.append("  … (all of them: --json, --output)") }
    }
    for overlap in audit.captions {
      lines.append(
        "captions in \(overlap.language): \(overlap.repeated) of \(overlap.n) are training captions"
      )
    }
    return lines.joined(separator: "\n")
  }
}
