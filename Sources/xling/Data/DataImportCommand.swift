import ArgumentParser
import Foundation
import XlingCore
import XlingData
import XlingLanguages

struct DataImportCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "import",
    abstract: "Make a dataset folder of COCO, Karpathy, LilT, Flickr or WebDataset files.",
    discussion: """
      \(DatasetLayouts.all.map { "\($0.name): \($0.summary)" }.joined(separator: "\n"))

      Files are given by split: --train captions_train2014.json --val captions_val2014.json. \
      Where the layout itself says the split (karpathy), that counts. Pictures are linked, those \
      of archives are written out.
      """)

  @Option(help: "One of \(DatasetLayouts.all.map(\.name).joined(separator: ", ")).")
  var layout: String

  @Option(parsing: .singleValue, help: "A file with training data. Repeatable.")
  var train: [String] = []

  @Option(parsing: .singleValue, help: "A file with validation data. Repeatable.")
  var val: [String] = []

  @Option(parsing: .singleValue, help: "A file with test data. Repeatable.")
  var test: [String] = []

  @Option(help: "The folder that picture names begin in (default: the working directory).")
  var images: String?

  @OptionGroup var links: LinkOptions

  @Option(help: "Language of the captions, a code or a name.")
  var language = "en"

  @Option(help: "The new dataset folder.")
  var output: String

  @OptionGroup var json: JSONOption

  func validate() throws {
    if train.isEmpty, val.isEmpty, test.isEmpty {
      throw ValidationError("give at least one file: --train, --val or --test")
    }
    guard DatasetLayouts.all.contains(where: { $0.name == layout }) else {
      let known = DatasetLayouts.all.map(\.name)
      let nearest = Spelling.nearest(to: layout, among: known)
      throw ValidationError(
        "there is no layout \"\(layout)\"."
          + (nearest.map { " Did you mean \"\($0)\"?" } ?? "")
          + " Layouts: \(known.joined(separator: ", "))")
    }
    if DatasetLayouts.all.contains(where: { $0.name == layout && $0.holdsPictures }) {
      try GivenOptions.refuse(
        GivenOptions.names([("--images", images != nil), ("--follow-links", links.followLinks)]),
        "with \(layout): its pictures lie in the archives")
    }
  }

  func run() throws {
    guard let layout = DatasetLayouts.all.first(where: { $0.name == layout }) else { return }
    let files =
      train.map { ($0, Split.train) } + val.map { ($0, Split.val) } + test.map { ($0, Split.test) }
    let code = try LanguageLabel.code(language)
    GivenLanguages.tell([language])
    let summary = try DatasetImport(
      layout: layout, files: files.map { (path: $0.0, split: $0.1) }, images: images ?? ".",
      language: code, followsLinks: links.followLinks
    ).run(into: output)
    if json.isAsked { return print(try JSONText.encode(summary)) }
    let counts = Split.allCases.map { "\(summary.pictures[$0.rawValue] ?? 0) \($0.rawValue)" }
    print("\(output): \(counts.joined(separator: ", ")) pictures, \(summary.captions) captions")
    for line in summary.mended { print("mended: \(line)") }
    if summary.withoutCaptions > 0 {
      print("left out: \(summary.withoutCaptions) pictures without captions")
    }
    if summary.blankCaptions > 0 { print("left out: \(summary.blankCaptions) blank captions") }
    print("check it: " + ShellWords.command(["xling", "data", "show", output]))
  }
}
