import Foundation
import Testing
import XlingCore

@Suite("published test sets by card")
struct PublishedDataTests {
  let bench: Bench

  init() throws { bench = try Bench() }

  /// A thousand names of one picture, in Multi30K's layout.
  private func writeMulti30K() throws {
    let root = bench.path + "/m30k"
    for folder in ["raw", "image_splits", "images"] {
      try AtomicFile.createFolder(root + "/" + folder)
    }
    let picture = bench.path + "/data/scenes/images/" + bench.names(in: "data/scenes/images")[0]
    for index in 0..<1_000 {
      try FileManager.default.linkItem(atPath: picture, toPath: root + "/images/\(index).jpg")
    }
    func lines(_ text: (Int) -> String) -> String {
      (0..<1_000).map(text).joined(separator: "\r\n")
    }
    try AtomicFile.write(lines { "\($0).jpg" }, to: root + "/image_splits/test_2016_flickr.txt")
    for language in ["en", "de", "fr", "cs"] {
      try AtomicFile.write(
        lines { "\(language) \($0 % 7)" }, to: root + "/raw/test_2016_flickr.\(language)")
    }
  }

  @Test func cardsAreListedAndShown() throws {
    let list = try bench.xling(["data", "list"])
    #expect(list.status == 0 && list.stdout.contains("\nxtd10-lilt200"), "\(list.stderr)")
    let rows = try Parsed.list(try bench.xling(["data", "list", "--json"]).stdout)
    let lilt = try #require(rows.first { $0["name"] as? String == "xtd10-lilt200" })
    #expect(lilt["pictures"] as? Int == 200)
    #expect((lilt["languages"] as? [String])?.count == 11)
    let shown = try bench.xling(["data", "show", "xtd10-lilt200"])
    #expect(shown.stdout.contains("split test, 200 pictures; languages de en es fr it ja ko pl"))
    #expect(shown.stdout.contains("file     XTD10/test_image_names.txt  SHA-256 504a472d"))
  }

  @Test func checkedAndEvaluated() throws {
    let root = ["--root", "m30k"]
    let missing = try bench.xling(["data", "check", "multi30k-2016"] + root)
    #expect(missing.status == 66)
    #expect(missing.stdout.contains("missing  raw/test_2016_flickr.de  (there is no such file)"))
    #expect(missing.stderr.contains("multi30k-2016 is not complete in m30k. git clone "))
    try writeMulti30K()
    let good = try bench.xling(["data", "check", "multi30k-2016"] + root)
    #expect(good.status == 0, "\(good.stdout)\(good.stderr)")
    #expect(good.stdout.contains("pictures: 1000 of 1000 are there"))

    #expect(try bench.xling(bench.align("projection", "runs/one")).status == 0)
    let eval = ["eval", "one", "--data", "multi30k-2016", "--lang", "de", "--json"]
    let evaluated = try bench.xling(eval + root)
    #expect(evaluated.status == 0, "\(evaluated.stderr)")
    // One picture under a thousand names, and seven captions.
    #expect(evaluated.stderr.contains("xling: embedded 1 pictures and 7 captions"))
    let recall = try Parsed.list(evaluated.stdout).first { $0["metric"] as? String == "R@10" }
    #expect(recall?["value"] as? Double == 0 && recall?["ties"] as? Int == 1_000)

    let file = "m30k/raw/test_2016_flickr.de"
    try bench.change(file) { $0.dropLast(20) }
    let short = try bench.xling(eval + root)
    #expect(short.status == 65 && short.stderr.contains("\(file): expected 1000 lines, found 99"))
    #expect(try bench.xling(["data", "check", "multi30k-2016"] + root).status == 65)
    let misspelt = try bench.xling(["eval", "one", "--data", "multi30k-2061", "--lang", "de"])
    #expect(misspelt.status == 64, "\(misspelt.stderr)")
    #expect(misspelt.stderr.contains("Did you mean \"multi30k-2016\"?"))
    let nowhere = try bench.xling(["eval", "one", "--data", "xtd10-1k", "--lang", "de"])
    #expect(
      nowhere.status == 66 && nowhere.stderr.contains("data/xtd10/XTD10/test_image_names.txt"))
  }
}
