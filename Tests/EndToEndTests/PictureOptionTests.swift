import Foundation
import Testing
import XlingCore
import XlingTestSupport

/// How `embed`, `align` and `eval` bring pictures to a tower.
struct PictureOptionTests {
  let bench: Bench
  private static let pictures = Fixtures.path("parity/images/files")

  init() throws { bench = try Bench() }

  private func preprocessor(_ json: String) throws {
    try AtomicFile.write(Data(json.utf8), to: bench.path + "/image/preprocessor_config.json")
  }

  private func embed(_ more: [String] = []) throws -> [Float] {
    try AtomicFile.write(
      Data("\(Self.pictures)/rgb.png\n\(Self.pictures)/exif_6.jpg\n".utf8),
      to: bench.path + "/list.txt")
    let result = try bench.xling(
      ["embed", "--tower", "image", "--input", "list.txt", "--output", "out.safetensors"] + more)
    #expect(result.status == 0, "\(result.stderr)")
    return try TensorFile(path: bench.path + "/out.safetensors").floats("embeddings")
  }

  /// What `pixels` makes of the tower's preprocessor_config.json, and `forward` of that.
  @Test func embedReadsTheTowersPreprocessor() throws {
    try preprocessor(
      """
      {"image_processor_type": "CLIPImageProcessor", "size": {"shortest_edge": 40},
       "crop_size": 32, "resample": 2, "rescale_factor": 0.00392156862745098}
      """)
    let vectors = try embed()
    let pixels = try bench.xling([
      "pixels", Self.pictures + "/rgb.png", Self.pictures + "/exif_6.jpg", "--preprocessor",
      "image", "--output", "pixels.safetensors",
    ])
    #expect(pixels.status == 0, "\(pixels.stderr)")
    let forward = try bench.xling([
      "forward", "--tower", "image", "--input", "pixels.safetensors", "--output",
      "states.safetensors",
    ])
    #expect(forward.status == 0, "\(forward.stderr)")
    let states = try TensorFile(path: bench.path + "/states.safetensors")
    #expect(Distance.largest(vectors, try states.floats("cls")) < 1e-5)
    let plain = try embed(["--preprocessor", "none"])
    #expect(Distance.largest(vectors, plain) > 1e-3)
    #expect(
      try embed(["--statistics", "half", "--filter", "bicubic"]) != vectors)
    // Only the second picture has an orientation.
    let turned = try embed(["--orientation", "apply"])
    let width = vectors.count / 2
    #expect(turned.prefix(width) == vectors.prefix(width))
    #expect(Distance.largest(Array(turned.suffix(width)), Array(vectors.suffix(width))) > 1e-3)
  }

  @Test func aPreprocessorOfAnotherSizeIsRefused() throws {
    try preprocessor(#"{"size": 224}"#)
    let list = Self.pictures + "/rgb.png\n"
    try AtomicFile.write(Data(list.utf8), to: bench.path + "/list.txt")
    let arguments = [
      "embed", "--tower", "image", "--input", "list.txt", "--output", "out.npy",
    ]
    let refused = try bench.xling(arguments)
    #expect(refused.status == 65)
    #expect(
      refused.stderr.contains(
        "expected 32, which the tower reads (--image-size 224 has it read others)"))
    #expect(try bench.xling(arguments + ["--image-size", "64"]).status == 0)
    let aligned = try bench.xling(bench.align("projection", "runs/one"))
    #expect(aligned.status == 65)
    #expect(!bench.exists("runs/one"))
  }

  /// A run keeps how it read pictures, and is evaluated so unless told otherwise.
  @Test func aRunKeepsItsPictures() throws {
    let plain = try bench.xling(bench.align("projection", "runs/plain"))
    #expect(plain.status == 0, "\(plain.stderr)")
    let turned = try bench.xling(
      bench.align(
        "projection", "runs/cut", ["--orientation", "apply", "--resize-shorter", "40"]))
    #expect(turned.status == 0, "\(turned.stderr)")
    func record(_ run: String) throws -> String {
      String(decoding: try AtomicFile.read(bench.path + "/runs/\(run)/run.json"), as: UTF8.self)
    }
    #expect(try !record("plain").contains("pictureInput"))
    #expect(try record("cut").contains("pictureInput"))
    func measured(_ arguments: [String]) throws -> Set<String> {
      let result = try bench.xling(
        ["eval"] + arguments + ["--data", "scenes", "--lang", "en", "--json"])
      #expect(result.status == 0, "\(result.stderr)")
      return Set(
        try Parsed.list(result.stdout).filter { $0["subset"] as? String == "all" }
          .compactMap { $0["protocol"] as? String })
    }
    let own = try measured(["runs/cut"])
    #expect(own.count == 1)
    #expect(try measured(["runs/plain"]) != own)
    #expect(
      try measured(["runs/plain", "--orientation", "apply", "--resize-shorter", "40"]) == own)
    // Settings, and with them studies and xling.toml, have it, too.
    let set = ["--orientation", "apply", "--set", "resize_shorter=40"]
    let again = try bench.xling(bench.align("projection", "runs/set", set))
    #expect(again.status == 0, "\(again.stderr)")
    #expect(try measured(["runs/set"]) == own)
    let both = try bench.xling(
      bench.align("projection", "runs/both", set + ["--resize-shorter", "41"]))
    #expect(both.status == 64)
    #expect(both.stderr.contains("--set resize_shorter=40 and --resize-shorter 41 differ"))
  }

  /// In training and in evaluation, by the tensor's name in the file.
  @Test func weightsThatAreNoNumbersAreNamed() throws {
    let aligned = try bench.xling(bench.align("projection", "runs/one"))
    #expect(aligned.status == 0, "\(aligned.stderr)")
    #expect(!aligned.stderr.contains("NaN"))
    let path = bench.path + "/image/model.safetensors"
    var bytes = try AtomicFile.read(path)
    let header = bytes.prefix(8).reversed().reduce(0) { $0 << 8 | Int($1) }
    bytes.replaceSubrange(8 + header..<12 + header, with: [0, 0, 0xC0, 0x7F])
    try AtomicFile.write(bytes, to: path)
    let damaged = try bench.xling(bench.align("projection", "runs/two"))
    #expect(
      damaged.stderr.contains(
        "xling: warning: \(path) holds NaN or infinity in embeddings.cls_token\n"))
  }
}
