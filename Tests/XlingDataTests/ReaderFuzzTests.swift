import Foundation
import Testing
import XlingCore
import XlingTestSupport

@testable import XlingData

/// Tables, archives and declarations of others, mutated.
@Suite struct ReaderFuzzTests {
  private static let declarations = [
    "preprocessor_config.json":
      #"{"crop_size": {"height": 224, "width": 224}, "do_center_crop": true, "do_normalize": true, "#
      + #""do_rescale": true, "do_resize": true, "image_mean": [0.485, 0.456, 0.406], "image_std": "#
      + #"[0.229, 0.224, 0.225], "resample": 3, "rescale_factor": 0.00392156862745098, "size": "#
      + #"{"shortest_edge": 256}}"#,
    "config.json":
      #"{"architecture": "vit_small_patch14_dinov2", "pretrained_cfg": {"input_size": [3, 56, 56], "#
      + #""crop_pct": 0.9, "crop_mode": "center", "interpolation": "bicubic", "mean": [0.5, 0.5, 0.5], "#
      + #""std": [0.2, 0.2, 0.2]}}"#,
    "open_clip_config.json":
      #"{"model_cfg": {"vision_cfg": {"image_size": 224}}, "preprocess_cfg": {"mean": [0.48, 0.45, "#
      + #"0.4], "std": [0.26, 0.26, 0.27], "interpolation": "bicubic", "resize_mode": "shortest", "#
      + #""fill_color": 0, "size": [224, 224]}}"#,
  ]

  @Test(arguments: declarations.keys.sorted())
  func pictureDeclarations(name: String) throws {
    let seed = Array((Self.declarations[name] ?? "").utf8)
    #expect(try DeclaredPictures(Data(seed), path: name) != nil)
    let refused = try Mutations.refusals(of: [seed], name) { input, _ in
      _ = try DeclaredPictures(Data(input), path: name)
    }
    #expect(refused > 0 && refused < Mutations.rounds)
  }

  @Test func tables() throws {
    let seeds = [
      "image,caption\na.jpg,\"a \"\"dog\"\", running\"\r\nb.jpg,zwei Hunde\n",
      "image\tcaption\na.jpg\t\"quoted\"\n",
      "image_name| comment_number| comment\na.jpg| 0| A dog .\n",
    ].map { Array($0.utf8) }
    let refused = try Mutations.refusals(of: seeds, "tables") { input, _ in
      let table = try DelimitedTable(Data(input), path: "t.csv")
      _ = table.rows.map(\.fields.count)
    }
    #expect(refused > 0 && refused < Mutations.rounds)
  }

  /// A plain archive and a packed one, read as a shard of a WebDataset.
  @Test(arguments: [["--format=ustar"], ["--format=pax", "-z"]])
  func archives(options: [String]) throws {
    let folder = try TemporaryFolder()
    try AtomicFile.createFolder(folder.path + "/in")
    for (name, text) in [
      ("1.jpg", "\u{1}"), ("1.txt", "a dog"), ("1.json", #"{"caption": "a dog"}"#), ("2.cls", "3"),
    ] {
      try AtomicFile.write(text, to: folder.path + "/in/" + name)
    }
    let process = Process()
    process.executableURL = URL(fileURLWithPath: "/usr/bin/env")
    process.arguments =
      ["tar"] + options + ["-b1", "-cf", folder.path + "/seed.tar", "-C", folder.path + "/in"]
      + ["1.jpg", "1.txt", "1.json", "2.cls"]
    try process.run()
    process.waitUntilExit()
    try #require(process.terminationStatus == 0)
    let seed = [UInt8](try AtomicFile.read(folder.path + "/seed.tar"))
    let rounds = max(200, Mutations.rounds / 10)
    let path = folder.path + "/mutated.tar"
    let refused = try Mutations.refusals(of: [seed], at: path, "tar \(options)", rounds: rounds) {
      var archive = try TarArchive(path)
      try archive.forEachMember({ _ in true }, take: { name, _ in _ = WebDatasetShard.part(name) })
    }
    #expect(refused > 0 && refused < rounds)
  }

  @Test func matrices() throws {
    // A header, then an array `y` of 2 x 1 bytes.
    func words(_ values: [UInt32]) -> [UInt8] {
      values.flatMap { value in
        (0..<4).map { UInt8(truncatingIfNeeded: value >> (8 * UInt32($0))) }
      }
    }
    let head = [UInt8](repeating: 0x20, count: 124) + [0, 1, 0x49, 0x4D]
    let seed =
      head + words([14, 48, 6, 8, 9, 0, 5, 8, 2, 1]) + words([0x10001]) + [0x79, 0, 0, 0]
      + words([0x20002]) + [7, 9, 0, 0]
    _ = try MATFile(Data(seed), path: "m.mat", arrays: ["y"]).array("y")
    let refused = try Mutations.refusals(of: [seed], "matrices") { input, _ in
      let array = try MATFile(Data(input), path: "m.mat", arrays: ["y"]).array("y")
      _ = (array.dimensions, array.bytes?.count, array.integers)
    }
    #expect(refused > 0 && refused < Mutations.rounds)
  }
}
