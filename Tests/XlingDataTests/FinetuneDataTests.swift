import Foundation
import Testing
import XlingCore
import XlingTestSupport

@testable import XlingData

/// What classifiers are trained on: parts of labelled pictures, draws, categories, shifts.
@Suite struct FinetuneDataTests {
  let folder: TemporaryFolder
  var root: String { folder.path + "/data" }

  init() throws {
    folder = try TemporaryFolder()
    for (name, count) in [("ant", 5), ("bee", 3), ("cow", 9)] {
      for split in ["train", "test"] {
        try AtomicFile.createFolder("\(root)/\(split)/\(name)")
        for index in 0..<(split == "train" ? count : 2) {
          try AtomicFile.write(
            Data("\(split) \(name) \(index)".utf8), to: "\(root)/\(split)/\(name)/\(index).jpg")
        }
      }
    }
  }

  private func part(_ split: Split) throws -> LabelledPictures {
    try LabelledPictures.load(root, split: split, labels: .subgroup)
  }

  @Test func partsAreFolders() throws {
    #expect(try part(.train).counts == [5, 3, 9])
    #expect(try part(.test).counts == [2, 2, 2])
    #expect(try part(.test).name == "data")
    #expect(throws: ClassificationFailure.noPart(path: root, split: .val)) { try part(.val) }
    // Class folders alone are a test part.
    let plain = try LabelledPictures.load(root + "/test", split: .test, labels: .subgroup)
    #expect(plain.classes == ["ant", "bee", "cow"])
    #expect(throws: ClassificationFailure.noPart(path: root + "/test", split: .train)) {
      try LabelledPictures.load(root + "/test", split: .train, labels: .subgroup)
    }
  }

  @Test func classesAreNumberedAnew() throws {
    let limited = try part(.train).limited(to: ["cow", "ant"])
    #expect(limited.counts == [9, 5])
    #expect(limited.place(of: 0) == "ant/0.jpg" && limited.labels[0] == 1)
  }

  @Test func aDrawIsStableAndNested() throws {
    let pictures = try part(.train)
    let three = try ShotDraw.places(of: pictures, shots: 3, seed: 7)
    #expect(three == (try ShotDraw.places(of: pictures, shots: 3, seed: 7)))
    #expect(three.map(\.count) == [3, 3, 3])
    #expect(three != (try ShotDraw.places(of: pictures, shots: 3, seed: 8)))
    let two = try ShotDraw.places(of: pictures, shots: 2, seed: 7)
    #expect(zip(two, three).allSatisfy { Array($1.prefix(2)) == $0 })
    // Other classes move none of a class's pictures.
    let alone = pictures.limited(to: ["cow", "bee"])
    let draw = try ShotDraw(
      alone, places: try ShotDraw.places(of: alone, shots: 2, seed: 7), shots: 2, seed: 7)
    let all = try ShotDraw(pictures, places: two, shots: 2, seed: 7)
    #expect(draw.classes["cow"] == all.classes["cow"] && draw.hash != all.hash)
    // Changing what is drawn would change every committed study.
    #expect(all.classes["cow"]?.map(\.picture) == Self.cow)
    #expect(
      throws: ClassificationFailure.fewPictures(
        path: "data", shots: 4, classes: ["bee (3)"])
    ) { try ShotDraw.places(of: pictures, shots: 4, seed: 7) }
  }

  private static let cow = ["cow/5.jpg", "cow/6.jpg"]

  @Test func categoriesAreReadFromSets() throws {
    #expect(EmojiCategories.sequences("[☺😀-😂{👨‍⚕️}🙂]") == ["☺", "😀", "😁", "😂", "👨‍⚕️", "🙂"])
    #expect(EmojiCategories.sequences("[]") == nil && EmojiCategories.sequences("a-b") == nil)
    #expect(EmojiCategories.sequences("[z-a]") == nil && EmojiCategories.sequences("[{ab]") == nil)
    let text = "# a\n[🐀-🐂] ; Animals & Nature ; animal-mammal\n[🐀] ; x ; y\n[→] ; Arrows\n"
    let categories = try EmojiCategories(Data(text.utf8), path: "labels.txt").byConcept
    #expect(categories.keys.sorted() == ["1f400", "1f401", "1f402"])
    #expect(categories["1f400"]?.subgroup == "animal-mammal")
    #expect(throws: DataFailure.self) {
      try EmojiCategories(Data("[:L:] x ; a ; b".utf8), path: "labels.txt")
    }
  }

  @Test func shiftsAreNamed() {
    #expect(EmojiShift(rawValue: "size") == EmojiShift(.size, level: 2))
    #expect(EmojiShift(rawValue: "rendering-3")?.rawValue == "rendering-3")
    for name in ["", "colour", "size-", "size-0", "size-4", "size-01", "size-2-1"] {
      #expect(EmojiShift(rawValue: name) == nil, "\(name)")
    }
    #expect(EmojiShift.all.count == 9)
  }

  /// A red square of 16 pixels, drawn under every shift: alike whenever it is asked for, and each another.
  @Test func shiftsDrawEachAnotherPicture() throws {
    let red: [UInt8] = [220, 20, 30, 255]
    let pixels = [[UInt8]](repeating: red, count: 16 * 16).flatMap { $0 }
    let sprite = EmojiSprite(RGBAPicture(width: 16, height: 16, pixels: pixels))
    func draw(_ shift: EmojiShift) -> Picture {
      var stream = RandomStream(seed: 5, "x")
      return shift.draw(sprite, side: 32, stream: &stream)
    }
    let pictures = EmojiShift.all.map(draw)
    #expect(pictures == EmojiShift.all.map(draw))
    for (index, picture) in pictures.enumerated() {
      #expect(!pictures[..<index].contains(picture), "\(EmojiShift.all[index].rawValue)")
    }
    // Less and less of the picture is red.
    func reddish(_ picture: Picture) -> Int {
      (0..<32 * 32).count { picture.pixels[3 * $0] > 180 && picture.pixels[3 * $0 + 1] < 80 }
    }
    let sizes = (1...3).map { reddish(draw(EmojiShift(.size, level: $0))) }
    #expect(sizes[0] > sizes[1] && sizes[1] > sizes[2] && sizes[2] > 20)
    // Grey has three equal channels.
    for level in 1...3 {
      let grey = draw(EmojiShift(.rendering, level: level)).pixels
      let colours = stride(from: 0, to: grey.count, by: 3).count { at in
        Set(grey[at..<at + 3]).count > 1
      }
      #expect(colours == 0)
    }
  }
}
