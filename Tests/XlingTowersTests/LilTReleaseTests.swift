import Foundation
import Testing
import XlingTestSupport
import XlingTowers

/// A LilT release with layerwise adapters is no plain tower: its adapters are named, on both sides.
struct LilTReleaseTests {
  @Test(
    .enabled(
      if: SharedData.exists("fixtures/parity/lilt"), "needs ../shared/fixtures/parity/lilt"))
  func adaptersOfALilTReleaseAreNamed() throws {
    let lilt = SharedData.path("fixtures/parity/lilt")
    func problems(_ body: () throws -> Void) -> [String] {
      do {
        try body()
        return []
      } catch let failure as TowerFailure {
        #expect("\(failure)".contains("says: xling import --help"))
        if case .tensors(_, let problems) = failure { return problems }
        return ["\(failure)"]
      } catch { return ["\(error)"] }
    }
    let release = lilt + "/lwa_ln/checkpoint_00.pth"
    let image = problems { _ = try TowerCheckpoint(release, heads: 3).image() }
    #expect(image.count == 24)
    #expect(
      image.first == "unexpected: visual_encoder.blocks.0.adapter1.down_sampler.bias [9]")
    let folder = try TemporaryFolder()
    let text = folder.path + "/text"
    try FileManager.default.createDirectory(
      atPath: text, withIntermediateDirectories: true)
    try FileManager.default.copyItem(atPath: release, toPath: text + "/pytorch_model.bin")
    try FileManager.default.copyItem(
      atPath: lilt + "/pretrained/bert/config.json", toPath: text + "/config.json")
    let found = problems { _ = try TowerCheckpoint(text).text() }
    let adapter = "text_encoder.encoder.layer.0.attention.output.adapter.down_sampler.bias [8]"
    #expect(found.contains("unexpected: \(adapter)"))
    let other = problems { _ = try TowerCheckpoint(release, heads: 3).text() }
    #expect(other.first?.contains("this is an image tower, expected a text tower") == true)
  }
}
