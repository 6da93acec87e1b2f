import ArgumentParser
import Foundation
import XlingAlignment
import XlingCore
import XlingData
import XlingExperiments
import XlingRuns

/// What `xling check` ends with.
enum CheckFailure: Failure, Equatable {
  case damaged(problems: [String])
  case unknown(what: String)

  var exitStatus: ExitStatus {
    switch self {
    case .damaged: .badData
    case .unknown: .missingInput
    }
  }

  var description: String {
    switch self {
    case .damaged(let problems):
      "\(problems.count == 1 ? "1 thing is" : "\(problems.count) things are") not whole:\n  "
        + problems.prefix(20).joined(separator: "\n  ")
        + (problems.count > 20 ? "\n  … and \(problems.count - 20) more" : "")
    case .unknown(let what):
      "\(what) is neither a run's folder, nor a classifier's, nor a stored run's name, nor a store, nor a "
        + "dataset's folder or card. Check the path."
    }
  }
}

struct CheckCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "check",
    abstract: "Verify that a run, a store or a dataset is whole: every file, every row.",
    discussion: """
      A run, or a classifier of `finetune`: every file against the hashes kept with it. A store: SQLite's own checks and the \
      checksum of every row, of the embeddings and vectors of frozen towers beside it too. A dataset: \
      captions parse, every picture decodes; of a published test set also the published hashes. Without \
      an argument: the store that is found and its runs. Ends with 0 when all is whole, with 65 and the names of files \
      when not. What versions before kept no hash of is told, and is no error.
      """)

  @Argument(
    help: ArgumentHelp(
      "A run's folder or stored name, a classifier's folder, a store, a dataset's folder or card.",
      valueName: "what"))
  var what: String?

  @Option(help: "Of a published test set: the folder that holds its files.")
  var root: String?

  @OptionGroup var store: StoreOption

  @OptionGroup var json: JSONOption

  private struct Report: Encodable {
    let schema = "xling.check/1"
    let whole: Bool
    let checked: [CheckedThing]
  }

  func run() throws {
    let checked = try things()
    let problems = checked.flatMap(\.problems)
    print(
      json.isAsked
        ? try JSONText.encode(Report(whole: problems.isEmpty, checked: checked))
        : checked.map(Self.text).joined(separator: "\n"))
    if !problems.isEmpty { throw CheckFailure.damaged(problems: problems) }
  }

  /// Throws ``CheckFailure/unknown(what:)``, and what finding a store throws.
  private func things() throws -> [CheckedThing] {
    guard let what else {
      let path = try store.existing().path
      return CheckedThing.storeAndEmbeddings(path) + CheckedThing.runs(of: path)
    }
    var isFolder: ObjCBool = false
    let exists = FileManager.default.fileExists(atPath: what, isDirectory: &isFolder)
    if root != nil { return [try published(what)] }
    if exists, isFolder.boolValue {
      if FinetuneFolder(what).exists { return [.classifier(what)] }
      let isRun = RunFolder(what).exists || isDamagedRun(what)
      return [isRun ? .run(what) : .data(what)]
    }
    if exists {
      // A file that SQLite did not make may be a store whose first bytes are damaged.
      guard CheckedThing.isDatabase(what) || what.hasSuffix(".sqlite") else {
        throw CheckFailure.unknown(what: what)
      }
      return CheckedThing.storeAndEmbeddings(what)
    }
    if EmbeddedDataset(rawValue: what) != nil { return [.data(try EmbeddedDataset.resolve(what))] }
    if let card = try DatasetCards.load().all.first(where: { $0.name == what }) {
      return [.data(card, root: DataSource.root(of: card))]
    }
    guard !what.contains("/"), let place = try? store.existing(for: [what]),
      let folder = try? RunLookup.folder(what, store: place.path)
    else { throw CheckFailure.unknown(what: what) }
    return [.run(folder)]
  }

  private func published(_ name: String) throws -> CheckedThing {
    let card = try DatasetCards.load().find(name)
    return .data(card, root: root ?? DataSource.root(of: card))
  }

  /// Checkpoints or a recipe without run.json.
  private func isDamagedRun(_ folder: String) -> Bool {
    ["recipe.toml", "checkpoints"].contains {
      FileManager.default.fileExists(atPath: folder + "/" + $0)
    }
  }

  private static func text(_ thing: CheckedThing) -> String {
    let head =
      "\(thing.problems.isEmpty ? "whole" : "DAMAGED")  \(thing.kind.rawValue)  \(thing.path)"
    return ([head] + thing.problems.map { "  " + $0 } + thing.notes.map { "  not checked: " + $0 })
      .joined(separator: "\n")
  }
}
