import Foundation
import Testing
import XlingCore
import XlingTestSupport

@Suite("quickstart --small: the first command, end to end")
struct QuickstartTests {
  private static let home = URL(fileURLWithPath: #filePath).deletingLastPathComponent()
    .deletingLastPathComponent().deletingLastPathComponent().path

  private func quickstart(in folder: String) throws -> XlingBinary.Result {
    try XlingBinary.run(
      ["quickstart", "--small", "--steps", "2"], environment: ["XLING_HOME": Self.home], in: folder)
  }

  private func evaluations(in folder: String) throws -> [NSDictionary] {
    let shown = try XlingBinary.run(
      ["runs", "--json"], environment: ["XLING_HOME": Self.home], in: folder)
    #expect(shown.status == 0, "\(shown.stderr)")
    return try Parsed.list(shown.stdout).map { $0 as NSDictionary }
  }

  @Test func oneKindAtATime() throws {
    let folder = try TemporaryFolder()
    for words in [["--small", "--thorough"], ["--thorough", "--real"], ["--real", "--small"]] {
      let result = try XlingBinary.run(
        ["quickstart"] + words, environment: ["XLING_HOME": Self.home], in: folder.path)
      #expect(result.status == 64 && result.stdout.isEmpty)
      #expect(result.stderr.contains("give one of --small, --thorough and --real"))
      for word in words { #expect(result.stderr.contains(word)) }
    }
    #expect(try FileManager.default.contentsOfDirectory(atPath: folder.path).isEmpty)
  }

  @Test func goesTheWholeWayAndASecondTimeDoesNothing() throws {
    let folder = try TemporaryFolder()
    let first = try quickstart(in: folder.path)
    #expect(first.status == 0, "\(first.stderr)")
    let lines = first.stdout.split(separator: "\n")
    #expect(lines.first?.hasPrefix("This is the small quickstart: ") == true)
    for method in ["projection", "layernorm", "lwa", "da", "full"] {
      #expect(lines.contains { $0.hasPrefix(method + " ") }, "\(first.stdout)")
    }
    let page = folder.path + "/runs/quickstart-small/report.html"
    let html = String(decoding: try AtomicFile.read(page), as: UTF8.self)
    #expect(html.contains("image search in eight languages"))
    #expect(html.contains("This is the small quickstart: "))
    let runs = try evaluations(in: folder.path)
    #expect(runs.count == 5)
    #expect(runs.allSatisfy { $0["status"] as? String == "finished" })
    let again = try quickstart(in: folder.path)
    #expect(again.status == 0, "\(again.stderr)")
    #expect(try evaluations(in: folder.path) == runs)
    #expect(
      again.stdout.split(separator: "\n").dropLast() == lines.dropLast(),
      "only the time may differ")
  }
}
