import ArgumentParser
import XlingCore
import XlingExperiments

struct CacheVerifyCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "verify",
    abstract: "Read everything that is kept and compare every checksum.",
    discussion: "Ends with 0 when all is whole, with 65 and the names of files when not.")

  @Flag(help: "Drop what is damaged; it is computed anew when it is needed.")
  var repair = false

  @OptionGroup var store: StoreOption

  @OptionGroup var json: JSONOption

  private struct Report: Encodable {
    struct Checked: Encodable {
      let path: String
      let problems: [String]
      let notes: [String]
    }

    let schema = "xling.cache-verify/1"
    let whole: Bool
    /// Rows, records and entries that were dropped; null without --repair.
    let dropped: Int?
    let checked: [Checked]
  }

  func run() throws {
    let inventory = CacheInventory(besideStore: try store.existing().path)
    let dropped = repair ? try inventory.repair() : nil
    let note = "note: "
    let checked = inventory.verify().map { path, found in
      Report.Checked(
        path: path, problems: found.filter { !$0.hasPrefix(note) },
        notes: found.filter { $0.hasPrefix(note) }.map { String($0.dropFirst(note.count)) })
    }
    let problems = checked.flatMap { thing in thing.problems.map { "\(thing.path): \($0)" } }
    if json.isAsked {
      print(
        try JSONText.encode(
          Report(whole: problems.isEmpty, dropped: dropped, checked: checked)))
    } else {
      let lines = checked.map { "\($0.problems.isEmpty ? "whole" : "DAMAGED")  \($0.path)" }
      let repaired = dropped.map { ["dropped \($0) that were damaged"] } ?? []
      print((lines.isEmpty ? ["nothing is kept"] : lines + repaired).joined(separator: "\n"))
    }
    if !problems.isEmpty { throw CacheFailure.damaged(problems: problems) }
  }
}
