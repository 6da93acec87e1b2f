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

  /// In each root itself or in its `families`.
  static let all: [FamilyFolder] =
    (ParityFixtures.folders(in: "families", holding: "info.json")
    + ParityFixtures.folders(in: ".", holding: "info.json")).compactMap { folder in
      guard let data = FileManager.default.contents(atPath: folder.file("info.json")),
        let information = try? JSONDecoder().decode(Information.self, from: data)
      else { return nil }
      return FamilyFolder(folder: folder, information: information)
    }

  static let pictures = all.filter { $0.hasPictures && $0.information.expected == "supported" }
  static let pictureGradients = pictures.filter { family in
    guard let loss = family.information.loss, family.folder.has("expected_grads.safetensors") else {
      return false
    }
    return loss.of != "text_embeds"
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
}

/// Image towers of every family against float64 results of transformers, timm and open_clip.
@Suite(.enabled(if: !FamilyFolder.pictures.isEmpty, "needs ../shared/fixtures/parity/families"))
struct FamilyPictureTests {
  @Test(arguments: FamilyFolder.pictures)
  func everyHiddenStateAndVector(family: FamilyFolder) throws {
    let checkpoint = try TowerCheckpoint(family.model)
    let outputs = try RawForward.run(
      family.image(checkpoint), on: Checkpoint(family.folder.file("inputs.safetensors")),
      readouts: checkpoint.readouts, named: checkpoint.pictureVectors,
      beside: RawForward.textInputs)
    let found = Dictionary(uniqueKeysWithValues: outputs.map { ($0.name, $0) })
    let inputs = try TensorFile(path: family.folder.file("inputs.safetensors"))
    let prefixes = inputs.names.filter { $0.hasSuffix("pixel_values") }.map { $0.prefix(3) }
    let expected = try TensorFile(path: family.folder.file("expected.safetensors"))
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

  /// The gradient of the sum of one embedding times a direction, 1e-4 of each tensor's largest entry.
  @Test(arguments: FamilyFolder.pictureGradients)
  func everyGradient(family: FamilyFolder) throws {
    let loss = try #require(family.information.loss)
    let golden = try TensorFile(path: family.folder.file("expected_grads.safetensors"))
    let checkpoint = try TowerCheckpoint(family.model)
    let tower = try family.image(checkpoint, pooling: loss.of == "mean" ? .mean : nil)
    tower.train { _ in true }
    let inputs = try TensorFile(path: family.folder.file("inputs.safetensors"))
    let pixels = Pixels(try inputs.floats(loss.batch + ".pixel_values"))
    let workspace = Workspace()
    let activations = tower.forward(
      pixels.batch(of: tower), reading: .pooled, in: workspace, training: true)
    let pooled = tower.pool(activations, in: workspace)
    let direction = try workspace.matrix(
      golden.floats("direction"), columns: pooled.vectors.columns)
    #expect(direction.rows == pooled.vectors.rows)
    tower.backward(activations, pooled, dPooled: direction, in: workspace)
    let found = gradients(tower)
    for name in golden.names where name.hasPrefix("grad.") {
      let short = tower.configuration.keyMap.shortName(String(name.dropFirst("grad.".count)))
      let own = try #require(found[short], "\(name) has no parameter")
      let wanted = try golden.floats(name)
      // Training starts from the interpolated table: there is no gradient of the one before.
      if name.contains("pos"), own.count != wanted.count { continue }
      let largest = wanted.reduce(0) { max($0, abs($1)) }
      #expect(Distance.largest(own, wanted) <= 1e-4 * largest, "\(name)")
    }
  }

  /// Under the checkpoint's names, stacked and turned as they lie there.
  private func gradients(_ tower: ImageTower) -> [String: [Float]] {
    let map = tower.configuration.keyMap
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
