import ArgumentParser
import XlingCore
import XlingData

/// A dataset of a card that is not on disk as it must be; what, the report on stdout says.
enum DataCheckFailure: Failure, Equatable {
  case incomplete(name: String, root: String, isMissing: Bool, obtain: String)

  var exitStatus: ExitStatus {
    switch self {
    case .incomplete(_, _, let isMissing, _): isMissing ? .missingInput : .badData
    }
  }

  var description: String {
    switch self {
    case .incomplete(let name, let root, _, let obtain):
      "\(name) is not complete in \(root). \(obtain)"
    }
  }
}

struct DataCheckCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "check",
    abstract: "Verify the files of a published test set: what is there, what is missing or differs."
  )

  @Argument(help: "A name of `xling data list`.")
  var name: String

  @Option(help: "The folder that holds its files (default: data/ and the card's folder).")
  var root: String?

  @OptionGroup var json: JSONOption

  private struct Report: Encodable {
    let schema = "xling.datacheck/1"
    let complete: Bool
    let check: DatasetCheck
  }

  func run() throws {
    let card = try DatasetCards.load().find(name)
    let check = DatasetCheck(card, root: root ?? DataSource.root(of: card))
    print(
      json.isAsked
        ? try JSONText.encode(Report(complete: check.isComplete, check: check)) : text(check))
    guard check.isComplete else {
      throw DataCheckFailure.incomplete(
        name: name, root: check.root, isMissing: check.isMissingSomething, obtain: card.obtain)
    }
  }

  private func text(_ check: DatasetCheck) -> String {
    var lines = check.files.map { file in
      "\(file.state.rawValue)  \(file.path)" + (file.problem.isEmpty ? "" : "  (\(file.problem))")
    }
    if let unreadable = check.unreadable { lines.append("unreadable: \(unreadable)") }
    if let pictures = check.pictures {
      let missing = check.missingPictures
      lines.append(
        "pictures: \(pictures - missing.count) of \(pictures) are there"
          + (missing.isEmpty
            ? ""
            : "; missing: " + missing.prefix(5).joined(separator: ", ")
              + (missing.count > 5 ? ", …" : "")))
    }
    return lines.joined(separator: "\n")
  }
}
