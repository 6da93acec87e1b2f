import Testing
import XlingData
import XlingTestSupport

@Suite struct PerceptualHashTests {
  private let own = PictureSet(folder: Fixtures.path("parity/images"))

  /// By Python's imagehash.
  @Test func hashesAsTheReference() throws {
    let expected = try own.record("hashes")
    for (file, digits) in expected {
      let picture = try Picture.load(path: own.path("files/" + file))
      let found = [
        PerceptualHash.frequencies(of: picture).hex, PerceptualHash.gradients(of: picture).hex,
      ]
      #expect(found == digits as? [String], "\(file)")
    }
    #expect(expected.count == 5)
  }

  /// One drawing in four encodings and at another size, against other drawings.
  @Test func copiesAreNearAndOthersFar() throws {
    func hash(_ file: String) throws -> PerceptualHash {
      .frequencies(of: try Picture.load(path: own.path("files/" + file)))
    }
    let first = try hash("baseline_444.jpg")
    for copy in ["baseline_420.jpg", "baseline_422.jpg", "progressive.jpg"] {
      #expect(first.distance(to: try hash(copy)) <= 6, "\(copy)")
    }
    let picture = try Picture.load(path: own.path("files/baseline_444.jpg"))
    let larger = picture.resized(width: 90, height: 74)
    #expect(first.distance(to: .frequencies(of: larger)) <= 6)
    #expect(first.distance(to: try hash("lossy.webp")) > 10)
    #expect(first.distance(to: .frequencies(of: picture.flipped())) > 20)
  }

  /// Rows that get lighter to the right, then darker.
  @Test func gradientsByHand() {
    let rising = (0..<9).flatMap { [UInt8](repeating: UInt8(20 * $0), count: 3) }
    let falling = (0..<9).flatMap { [UInt8](repeating: UInt8(200 - 20 * $0), count: 3) }
    let rows = [[UInt8]](repeating: rising, count: 7) + [falling]
    let hash = PerceptualHash.gradients(
      of: Picture(width: 9, height: 8, pixels: rows.flatMap { $0 }))
    #expect(hash.hex == "ffffffffffffff00")
    #expect(hash.distance(to: PerceptualHash(bits: 0)) == 56)
  }
}
