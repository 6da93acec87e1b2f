import Foundation
import Testing
import XlingCore
import XlingTestSupport

/// The way of real towers and stamps, gone with the shipped towers under their names and made-up stamps:
/// nothing is fetched in tests.
@Suite("quickstart --real")
struct RealQuickstartTests {
  private static let home = URL(fileURLWithPath: #filePath).deletingLastPathComponent()
    .deletingLastPathComponent().deletingLastPathComponent().path

  private func xling(
    _ words: [String], in folder: String, stamps: String? = nil
  ) throws -> XlingBinary.Result {
    var environment = ["XLING_HOME": Self.home]
    environment["XLING_STAMPS"] = stamps
    return try XlingBinary.run(words, environment: environment, in: folder)
  }

  /// The shipped towers where the fetched ones would lie.
  private func towers(in folder: String) throws {
    for (name, tower) in [
      ("multilingual-e5-small", "mini-text"), ("dinov2-small-saliency", "mini-image"),
    ] {
      let place = "\(folder)/towers/\(name)"
      try AtomicFile.createFolder(place)
      let source = "\(Self.home)/towers/\(tower)"
      for file in try FileManager.default.contentsOfDirectory(atPath: source) {
        try FileManager.default.copyItem(atPath: "\(source)/\(file)", toPath: "\(place)/\(file)")
      }
    }
  }

  /// A few pictures in turn; one caption stands twice.
  private func stamps(_ count: Int, in folder: String) throws -> String {
    let place = folder + "/stamps"
    try AtomicFile.createFolder(place)
    let pictures = ["rgba", "wide", "palette4", "gray1"].map {
      Fixtures.path("parity/images/files/\($0).png")
    }
    for number in 0..<count {
      try FileManager.default.copyItem(
        atPath: pictures[number % pictures.count], toPath: "\(place)/\(number).png")
      let word = number == 1 ? 0 : number
      try AtomicFile.write(
        "The picture \(word).\ntr.utf8=Resim \(word).\nde.utf8=Das Bild \(word).\n",
        to: "\(place)/\(number).txt")
    }
    return place
  }

  @Test func withoutATerminalItAsksForYesAndFetchesNothing() throws {
    let folder = try TemporaryFolder()
    let result = try xling(
      ["quickstart", "--real"], in: folder.path, stamps: folder.path + "/none")
    #expect(result.status == 64 && result.stdout.isEmpty)
    #expect(result.stderr.contains("multilingual-e5-small and dinov2-small-saliency: 185 MB"))
    #expect(result.stderr.contains("quickstart --real --yes"))
    #expect(try FileManager.default.contentsOfDirectory(atPath: folder.path).isEmpty)
  }

  @Test(arguments: [["--yes"], ["--towers", "t"], ["--real", "--small"]])
  func whatHasNoUseIsRefused(_ words: [String]) throws {
    let folder = try TemporaryFolder()
    let result = try xling(["quickstart"] + words, in: folder.path)
    #expect(result.status == 64, "\(result.stderr)")
  }

  @Test func goesTheWholeWay() throws {
    let folder = try TemporaryFolder()
    try towers(in: folder.path)
    let stamps = try stamps(60, in: folder.path)
    func run() throws -> XlingBinary.Result {
      try xling(
        ["quickstart", "--real", "--towers", "towers", "--steps", "2"], in: folder.path,
        stamps: stamps)
    }
    let first = try run()
    #expect(first.status == 0, "\(first.stderr)")
    let lines = first.stdout.split(separator: "\n")
    for method in ["linear", "linear-noise", "linear-regularized", "hidden-noise", "lit"] {
      #expect(lines.contains { $0.hasPrefix(method + " ") }, "\(first.stdout)")
    }
    let html = String(
      decoding: try AtomicFile.read(folder.path + "/runs/quickstart-real/report.html"),
      as: UTF8.self)
    #expect(html.contains("real towers aligned in one"))
    let shown = try xling(["show", "latest"], in: folder.path)
    #expect(shown.stdout.contains("query: "), "\(shown.stdout)")
    let again = try run()
    #expect(again.stdout.split(separator: "\n").dropLast() == lines.dropLast())
  }
}
