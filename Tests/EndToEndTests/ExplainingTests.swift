import Foundation
import Testing
import XlingCore

@Suite("gap, attribute, audit")
struct ExplainingTests {
  let bench: Bench

  init() throws {
    bench = try Bench()
    let aligned = try bench.xling(bench.align("projection", "runs/one"))
    guard aligned.status == 0 else { throw BenchFailure(message: aligned.stderr) }
  }

  @Test func gapsAreShownAgainstTheAlignedLanguage() throws {
    let gap = ["gap", "runs/one", "--data", "scenes", "--lang", "en", "--lang", "tr"]
    let rows = try Parsed.list(try bench.xling(gap + ["-k", "3", "--json"]).stdout)
    #expect(rows.count == 1)
    let row = try #require(rows.first)
    #expect(row["language"] as? String == "tr" && row["against"] as? String == "en")
    func number(_ key: String) -> Double {
      (row[key] as? [String: Any])?["value"] as? Double ?? .nan
    }
    let n = Double((row["gap"] as? [String: Any])?["n"] as? Int ?? 0)
    #expect(n == 12)
    let (lost, gained) = (row["lost"] as? Int ?? -1, row["gained"] as? Int ?? -1)
    #expect(abs(number("againstRecall") - number("recall") - number("gap")) < 1e-9)
    #expect(abs(number("gap") - 100 * Double(lost - gained) / n) < 1e-9)
    let shown = try bench.xling(gap)
    #expect(shown.status == 0, "\(shown.stderr)")
    #expect(shown.stdout.hasPrefix("language   n"))
    #expect(shown.stdout.contains("en R@10"))
  }

  @Test func languagesHaveNeighbours() throws {
    let neighbours = ["neighbours", "runs/one", "--data", "scenes", "--lang", "tr", "--lang", "ru"]
    let rows = try Parsed.list(try bench.xling(neighbours + ["--json"]).stdout)
    // The aligned language is always among them.
    #expect(rows.map { $0["language"] as? String } == ["en", "tr", "ru"])
    for row in rows {
      for key in ["hubness", "neverFound", "astray"] {
        let number = try #require(row[key] as? [String: Any])
        #expect((number["n"] as? Int ?? 0) == 12)
      }
    }
    let shown = try bench.xling(neighbours)
    #expect(shown.status == 0 && shown.stdout.hasPrefix("language   n"), "\(shown.stderr)")
  }

  @Test func trainingPicturesAreTold() throws {
    let folder = bench.path + "/data/scenes/images/"
    let eval = ["eval", "runs/one", "--data", "scenes", "--lang", "tr", "--trec", "trec"]
    let clean = try bench.xling(eval)
    #expect(clean.status == 0 && !clean.stderr.contains("training pictures"), "\(clean.stderr)")
    #expect(
      bench.names(in: "trec") == [
        "tr.image-to-text.qrels", "tr.image-to-text.run", "tr.text-to-image.qrels",
        "tr.text-to-image.run",
      ])
    let (seen, test) = (try pictures("train")[0], try pictures("test")[0])
    // Test data that holds a training picture; the training data stays what it was.
    try FileManager.default.copyItem(
      atPath: bench.path + "/data/scenes", toPath: bench.path + "/other")
    try AtomicFile.write(
      try AtomicFile.read(folder + seen), to: bench.path + "/other/images/" + test)
    let leaked = try bench.xling(["eval", "runs/one", "--data", "other", "--lang", "tr"])
    #expect(leaked.status == 0)
    #expect(
      leaked.stderr.contains(
        "xling: warning: 1 of 12 pictures are training pictures of run one (0 by COCO's or Flickr's "
          + "number, 1 by their bytes), such as \(test)."), "\(leaked.stderr)")
    #expect(leaked.stdout.contains("without training pictures; gallery 12 pictures"))
    try FileManager.default.moveItem(
      atPath: bench.path + "/data/scenes", toPath: bench.path + "/gone")
    let gone = try bench.xling(["eval", "runs/one", "--data", "gone", "--lang", "tr"])
    #expect(gone.status == 0 && gone.stderr.contains("is not there: test pictures were not looked"))
  }

  /// Names of a split's pictures.
  private func pictures(_ split: String) throws -> [String] {
    let names = bench.names(in: "data/scenes/images")
    return String(
      decoding: try AtomicFile.read(bench.path + "/data/scenes/captions.jsonl"), as: UTF8.self
    ).split(separator: "\n").filter { $0.contains("\"split\": \"\(split)\"") }
      .compactMap { line in names.first { line.contains("\"\($0)\"") } }
  }

  @Test func captionsAreAttributed() throws {
    let attribute = ["attribute", "runs/one", "--data", "scenes", "--lang", "tr"]
    let rows = try Parsed.list(
      try bench.xling(attribute + ["--metric", "R@3", "--json"]).stdout)
    let tenths = rows.filter { ($0["group"] as? String ?? "").hasPrefix("tenth") }
    #expect(tenths.count == 10)
    #expect(tenths.reduce(0) { $0 + ($1["n"] as? Int ?? 0) } == 12)
    let evaluated = try Parsed.list(
      try bench.xling([
        "eval", "runs/one", "--data", "scenes", "--lang", "tr", "--metric", "R@3", "--json",
      ]).stdout)
    let whole = evaluated.first {
      $0["subset"] as? String == "all" && $0["direction"] as? String == "text-to-image"
    }
    #expect(rows.first?["value"] as? Double == whole?["value"] as? Double)
    let unknown = try bench.xling(attribute + ["--metric", "median rank"])
    #expect(unknown.status == 64 && unknown.stderr.contains("there is no metric 'median rank'"))
  }

  @Test func aCopiedPictureIsFound() throws {
    let folder = bench.path + "/data/scenes/images/"
    let audit = ["audit", "--train", "scenes", "--test", "scenes", "--distance", "0"]
    let clean = try bench.xling(audit)
    #expect(clean.status == 0, "\(clean.stdout)\(clean.stderr)")
    #expect(clean.stdout.hasPrefix("0 of 12 test pictures (0.0 %) are among 40 training pictures"))
    let (seen, test) = (try pictures("train")[0], try pictures("test")[0])
    try AtomicFile.write(try AtomicFile.read(folder + seen), to: folder + test)
    let found = try bench.xling(audit + ["--output", "leaked.txt"])
    #expect(found.status == 1 && found.stderr.isEmpty)
    #expect(found.stdout.contains("same bytes: 1\n  \(test)  \(seen)"))
    #expect(
      String(decoding: try AtomicFile.read(bench.path + "/leaked.txt"), as: UTF8.self)
        == test + "\n")
    #expect(try bench.xling(audit + ["--distance", "65"]).status == 64)
  }
}
