import Foundation
import Testing
import XlingCore

@Suite("classify")
struct ClassifyTests {
  let bench: Bench

  init() throws {
    bench = try Bench()
    let aligned = try bench.xling(bench.align("projection", "runs/one"))
    guard aligned.status == 0 else { throw BenchFailure(message: aligned.stderr) }
  }

  /// Three classes of four pictures, named in two languages.
  private func writeFolders() throws {
    let images = bench.names(in: "data/scenes/images")
    for (number, name) in ["cat", "dog", "cow"].enumerated() {
      try AtomicFile.createFolder(bench.path + "/animals/\(name)")
      for image in images[4 * number..<4 * number + 4] {
        try FileManager.default.copyItem(
          atPath: bench.path + "/data/scenes/images/" + image,
          toPath: bench.path + "/animals/\(name)/\(image)")
      }
    }
    try AtomicFile.write(
      [
        #"{"class": "cat", "names": {"en": ["cat", "kitten"], "tr": ["kedi"]}}"#,
        #"{"class": "dog", "names": {"en": ["dog"], "tr": ["köpek"]}}"#,
        #"{"class": "cow", "names": {"en": ["cow"]}}"#,
        #"{"class": "owl", "names": {"en": ["owl"]}}"#,
      ].joined(separator: "\n"), to: bench.path + "/names.jsonl")
  }

  @Test func foldersAreClassified() throws {
    try writeFolders()
    let classify = ["classify", "runs/one", "--data", "animals", "--classes", "names.jsonl"]
    let shown = try bench.xling(classify + ["--prompts", "clip-80", "--lang", "English"])
    #expect(shown.status == 0, "\(shown.stderr)")
    #expect(shown.stdout.hasPrefix("one on animals, zero-shot classification; prompts clip-80: "))
    #expect(shown.stdout.contains("\nen        12        3   33.33  "))
    #expect(shown.stderr.contains("1 classes of names.jsonl have no pictures in animals"))
    #expect(shown.stderr.contains("xling: embedded 12 pictures and 320 sentences"))

    let rows = try Parsed.list(
      try bench.xling(classify + ["--lang", "tr", "--allow-missing", "--json"]).stdout)
    let row = try #require(rows.first)
    #expect(rows.count == 1 && row["metric"] as? String == "top-1")
    #expect(row["n"] as? Int == 8 && row["classes"] as? Int == 2 && row["chance"] as? Double == 50)
    #expect(row["leftOut"] as? [String] == ["cow"])

    let missing = try bench.xling(classify + ["--lang", "tr"])
    #expect(missing.status == 66)
    #expect(missing.stderr.contains("1 of 3 classes have no name in tr: cow."), "\(missing.stderr)")
    let prompts = try bench.xling(classify + ["--lang", "en", "--prompts", "phot"])
    #expect(prompts.status == 64 && prompts.stderr.contains("Did you mean \"photo\"?"))
    let language = try bench.xling(classify + ["--lang", "de"])
    #expect(language.status == 66 && language.stderr.contains("names no class in de (German)"))
    let unnamed = try bench.xling(["classify", "runs/one", "--data", "animals", "--lang", "en"])
    #expect(unnamed.status == 64 && unnamed.stderr.contains("name them by --classes FILE"))
    try bench.change("names.jsonl") { $0.prefix(while: { $0 != 0x0A }) }
    let unknown = try bench.xling(classify + ["--lang", "en"])
    #expect(unknown.status == 65 && unknown.stderr.contains("does not name cow, dog."))
  }

  @Test func aDatasetClassifiesItself() throws {
    let classify = ["classify", "runs/one", "--data", "scenes", "--json", "--lang"]
    // None of the twelve test scenes shows one thing alone; then each shows its first.
    let none = try bench.xling(classify + ["en"])
    #expect(none.status == 66 && none.stderr.contains("data/scenes holds no labelled pictures"))
    try bench.change("data/scenes/captions.jsonl") { lines in
      let text = String(decoding: lines, as: UTF8.self).replacingOccurrences(
        of: #"("concepts": \["[^"]*")[^\]]*"#, with: "$1", options: .regularExpression)
      return Data(text.utf8)
    }
    let result = try bench.xling(classify + ["en", "--lang", "Turkish"])
    #expect(result.status == 0, "\(result.stderr)")
    let rows = try Parsed.list(result.stdout)
    #expect(rows.map { $0["metric"] as? String } == ["top-1", "top-5", "top-1", "top-5"])
    #expect(rows.map { $0["language"] as? String } == ["en", "en", "tr", "tr"])
    #expect(rows.allSatisfy { $0["n"] as? Int == 12 && $0["data"] as? String == "scenes" })
  }
}
