import Foundation
import Testing
import XlingTestSupport

@Suite("pixels: what an image tower sees")
struct PixelsTests {
  let folder: TemporaryFolder
  private let files = Fixtures.path("parity/images/files")
  private let broken = Fixtures.path("parity/images/broken")

  init() throws { folder = try TemporaryFolder() }

  private func pixels(_ arguments: [String]) throws -> XlingBinary.Result {
    try XlingBinary.run(
      ["pixels", "--output", "out.safetensors"] + arguments, in: folder.path)
  }

  @Test func tensorsAreThoseOfTorchvisionInTheOrderOfTheArguments() throws {
    let names = ["wide.png", "gray.jpg", "baseline_420.jpg"]
    let result = try pixels(names.map { files + "/" + $0 } + ["--size", "32", "--preset", "clip"])
    #expect(result.status == 0, "\(result.stderr)")
    #expect(result.stdout == "wrote 3 pictures of 3 x 32 x 32 to out.safetensors\n")
    let made = try TensorFile(path: folder.path + "/out.safetensors")
    #expect(try made.shape("pixel_values") == [3, 3, 32, 32])
    let expected = try TensorFile(path: Fixtures.path("parity/images/normalized.safetensors"))
    let rows = try names.flatMap { try expected.floats($0 + ".clip") }
    #expect(Distance.largest(try made.floats("pixel_values"), rows) <= 1e-6)
  }

  @Test func aPreprocessorIsReadFromItsFolder() throws {
    try #"{"size": {"height": 16, "width": 16}, "resample": 1, "do_rescale": false}"#.write(
      toFile: folder.path + "/preprocessor_config.json", atomically: true, encoding: .utf8)
    let result = try pixels([files + "/rgb.png", "--preprocessor", "."])
    #expect(result.stdout == "wrote 1 pictures of 3 x 16 x 16 to out.safetensors\n")
    let smaller = try pixels([files + "/rgb.png", "--preprocessor", ".", "--size", "3"])
    #expect(smaller.stdout == "wrote 1 pictures of 3 x 3 x 3 to out.safetensors\n")
    let clash = try pixels([files + "/rgb.png", "--preprocessor", ".", "--preset", "clip"])
    #expect(clash.status == 64)
  }

  @Test func whatIsBrokenStopsItOrIsDecodedAsFarAsItGoes() throws {
    let half = broken + "/half.jpg"
    let strict = try pixels([files + "/rgb.png", half])
    #expect(strict.status == 65)
    #expect(
      strict.stderr.hasSuffix(
        "xling: error: \(half) is a truncated JPEG picture: the data end before the end marker. "
          + "Fetch it again.\n"))
    #expect(!FileManager.default.fileExists(atPath: folder.path + "/out.safetensors"))
    let lilt = try pixels([files + "/rgb.png", half, "--truncated", "lilt"])
    #expect(lilt.status == 0)
    #expect(
      lilt.stderr.contains(
        "xling: warning: \(half): the data end before the end marker; decoded as far as it goes\n"))
  }

  @Test func orientationIsAPolicy() throws {
    func values(_ arguments: [String]) throws -> [Float] {
      #expect(try pixels([files + "/exif_3.jpg", "--size", "11"] + arguments).status == 0)
      return try TensorFile(path: folder.path + "/out.safetensors").floats("pixel_values")
    }
    let ignored = try values([])
    #expect(try values(["--orientation", "ignore"]) == ignored)
    #expect(try values(["--orientation", "apply"]) != ignored)
  }
}
