import Foundation
import Testing
import XlingTensor
import XlingTestSupport
import XlingTowers

/// A folder of the `families` format: a tower as its hub has it, what its library computes, and what was
/// asked for.
struct FamilyFolder: Sendable, CustomStringConvertible {
  struct Information: Decodable, Sendable {
    struct Loss: Decodable, Sendable {
      let batch: String
      let of: String
    }

    let kind: String
    let expected: String
    let interpolation: String?
    let unasked: Bool?
    let loss: Loss?
  }

  let folder: ParityFolder
  let information: Information

  var description: String { folder.name }
  var model: String { folder.file("model") }
  var hasPictures: Bool { information.kind != "text" }
  var hasTexts: Bool { information.kind != "image" }

  /// In each root itself or in its `families`.
  static let all: [FamilyFolder] =
    (ParityFixtures.folders(in: "families", holding: "info.json")
    + ParityFixtures.folders(in: ".", holding: "info.json")).compactMap { folder in
      guard let data = FileManager.default.contents(atPath: folder.file("info.json")),
        let information = try? JSONDecoder().decode(Information.self, from: data)
      else { return nil }
      return FamilyFolder(folder: folder, information: information)
    }

  static let supported = all.filter { $0.information.expected == "supported" }
  static let pictures = supported.filter { $0.hasPictures }
  static let texts = supported.filter { $0.hasTexts }
  static let pictureGradients = pictures.filter { $0.lossIsOf("pixel_values") }
  static let textGradients = texts.filter { $0.lossIsOf("input_ids") }

  /// Whether gradients are given for a loss of such inputs.
  private func lossIsOf(_ input: String) -> Bool {
    guard let loss = information.loss, folder.has("expected_grads.safetensors"),
      let inputs = try? TensorFile(path: folder.file("inputs.safetensors"))
    else { return false }
    return inputs.names.contains(loss.batch + "." + input)
  }

  /// The image tower as the library would take these pictures: of another size where that is the family's
  /// way, or was asked for.
  func image(_ checkpoint: TowerCheckpoint, pooling: ImagePooling? = nil) throws -> ImageTower {
    let inputs = try Checkpoint(folder.file("inputs.safetensors"))
    let isAsked = information.unasked == false
    let kind: PositionInterpolation? =
      !isAsked ? nil : information.interpolation?.hasPrefix("timm") == true ? .timm : .bicubic
    return try checkpoint.image(
      imageSize: RawForward.pictureSize(inputs), interpolation: kind, pooling: pooling)
  }

  /// The text tower that gives the vectors of the loss: the folder's own, or its hidden states pooled.
  func text(_ checkpoint: TowerCheckpoint) throws -> TextTower {
    switch information.loss?.of {
    case "cls": try checkpoint.text(pooling: .cls, withHead: false)
    case "mean": try checkpoint.text(pooling: .mean, withHead: false)
    default: try checkpoint.text()
    }
  }

  /// Every output for the batches that have such an input, by the names and within the bound of the
  /// goldens; `found` of other batches is passed over.
  func compare(_ found: [RawForward.Output], of input: String) throws {
    let found = Dictionary(uniqueKeysWithValues: found.map { ($0.name, $0) })
    let inputs = try TensorFile(path: folder.file("inputs.safetensors"))
    let prefixes = inputs.names.filter { $0.hasSuffix(input) }.map { $0.prefix(3) }
    let expected = try TensorFile(path: folder.file("expected.safetensors"))
    let names = expected.names.filter { prefixes.contains($0.prefix(3)) }
    #expect(!names.isEmpty)
    for name in names {
      let output = try #require(found[name], "\(name) is missing")
      #expect(output.shape == (try expected.shape(name)), "\(name)")
      #expect(
        Distance.largest(output.values, try expected.floats(name)) <= TowerParityTests.bound,
        "\(name)")
    }
  }

  /// Every gradient that is given, 1e-4 of each tensor's largest entry. `names` are those of the tower's
  /// checkpoint.
  func compareGradients(_ tower: some Tower, _ names: KeyMap) throws {
    let golden = try TensorFile(path: folder.file("expected_grads.safetensors"))
    let found = Self.gradients(tower, names)
    let given = golden.names.filter { $0.hasPrefix("grad.") }
    #expect(!given.isEmpty)
    for name in given {
      // A dense layer behind the pooling lies in a folder of its own: `2_Dense/linear.weight`.
      let short = names.shortName(String(name.dropFirst("grad.".count)))
        .replacing("/", with: ".")
      let own = try #require(found[short], "\(name) has no parameter")
      let wanted = try golden.floats(name)
      // Training starts from the interpolated table: there is no gradient of the one before.
      if tower is ImageTower, name.contains("pos"), own.count != wanted.count { continue }
      let largest = wanted.reduce(0) { max($0, abs($1)) }
      #expect(Distance.largest(own, wanted) <= 1e-4 * largest, "\(name)")
    }
  }

  /// Under the checkpoint's names, stacked and turned as they lie there.
  private static func gradients(_ tower: some Tower, _ map: KeyMap) -> [String: [Float]] {
    let own = tower.gradients
    var found: [String: [Float]] = [:]
    for parameter in tower.parameters.all {
      if let (name, parts) = map.fusion(of: parameter.name) {
        found[name] = parts.flatMap { own[$0] ?? [] }
      } else if map.transposed.contains(parameter.name) {
        let (rows, columns) = (parameter.shape[0], parameter.shape[1])
        let values = own[parameter.name] ?? []
        found[map.fileName(of: parameter.name)] = (0..<columns).flatMap { column in
          (0..<rows).map { values[$0 * columns + column] }
        }
      } else {
        found[map.fileName(of: parameter.name)] = own[parameter.name]
      }
    }
    return found
  }
}
