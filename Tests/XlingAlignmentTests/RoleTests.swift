import Testing
import XlingCore
import XlingOptimization
import XlingTensor
import XlingTestSupport
import XlingTowers

@testable import XlingAdapters
@testable import XlingAlignment

/// What a parameter is, as its maker says, against what its name says: for all shipped cards on both mini
/// towers, and for the families of which no tower is shipped.
@Suite struct RoleTests {
  /// The rules by name as they were: kept to be compared with, and nowhere else.
  private enum Named {
    static func thaws(_ rule: ThawRule, _ parameter: Parameter, layers: Int) -> Bool {
      let name = parameter.name
      let layer = layer(of: name)
      switch rule {
      case .layerNorm:
        return parameter.shape.count == 1
          && name.split(separator: ".").dropLast().last?.lowercased()
            .hasPrefix("layernorm") == true
      case .bias: return name.hasSuffix(".bias")
      case .finalNorm: return name == "layernorm.weight" || name == "layernorm.bias"
      case .attention:
        return layer != nil && name.contains(".attention.") && !name.contains("LayerNorm")
      case .mlp:
        return layer != nil && !name.contains(".attention.") && name.contains(".dense.")
      case .lastLayers(let count): return layer.map { $0 >= layers - count } ?? false
      case .all: return true
      }
    }

    static func layer(of name: String) -> Int? {
      let parts = name.split(separator: ".")
      guard parts.count > 2, parts[0] == "encoder", parts[1] == "layer" else { return nil }
      return Int(parts[2])
    }

    static func side(_ name: String) -> ParameterRole.Side? {
      name.hasPrefix("text") ? .text : name.hasPrefix("image") ? .image : nil
    }

    static func decays(_ parameter: Parameter) -> Bool {
      parameter.shape.count != 1 && !parameter.name.hasSuffix(".bias")
    }
  }

  private func compare(_ tower: any Tower) {
    let layers = tower.encoder.layers.count
    let rules = ThawRule.plain + (1...layers).map { ThawRule.lastLayers($0) }
    for parameter in tower.parameters.all {
      #expect(parameter.role.layer == Named.layer(of: parameter.name), "\(parameter.name)")
      for rule in rules {
        #expect(
          rule.thaws(parameter, layers: layers) == Named.thaws(rule, parameter, layers: layers),
          "\(rule.rawValue) of \(parameter.name)")
      }
    }
  }

  @Test(arguments: ["bert", "distilbert", "mt5", "xlmr", "vit_noqkvbias", "deit", "timm_deit3"])
  func rulesOfEachFamily(_ family: String) throws {
    let folder = Fixtures.path("parity/towers/" + family)
    if try TowerCheckpoint(folder).configuration.text == nil {
      compare(try ImageTower.load(folder))
    } else {
      compare(try TextTower.load(folder))
    }
  }

  private static let cards =
    ((try? MethodCards.load()) ?? []) + ((try? MethodCards.load(.preset)) ?? [])

  @Test(arguments: cards.map(\.recipe))
  func everyCardOnTheShippedTowers(_ recipe: Recipe) throws {
    let text = try TextTower.load(try Assets.path("towers/mini-text"))
    let image = try ImageTower.load(try Assets.path("towers/mini-image"))
    compare(text)
    compare(image)
    let pretrained = [text, image].map { (tower: any Tower) in
      Set(tower.parameters.all.map(\.name))
    }
    let model = try DualEncoder(text: text, image: image, recipe: recipe, seed: 1)
    for (index, (tower, side)) in [(text as any Tower, recipe.text), (image, recipe.image)]
      .enumerated()
    {
      let layers = tower.encoder.layers.filter { !$0.name.hasPrefix("deep_") }.count
      for layer in tower.encoder.layers {
        #expect(layer.isInserted == layer.name.hasPrefix("deep_"))
      }
      for parameter in tower.parameters.all {
        let isInserted = !pretrained[index].contains(parameter.name)
        let isLocked = Named.layer(of: parameter.name).map(side.locks) ?? false
        let isThawed = side.thaw.contains { Named.thaws($0, parameter, layers: layers) }
        #expect(parameter.role.isInserted == isInserted, "\(parameter.name)")
        #expect(parameter.isTrainable == (isInserted || !isLocked && isThawed), "\(parameter.name)")
      }
    }
    for (name, parameter) in model.parameters {
      let role = parameter.role
      #expect(role.side == Named.side(name), "\(name)")
      let isOfTower = name.hasPrefix("text.") || name.hasPrefix("image.")
      #expect((role.part == .head) == !isOfTower, "\(name)")
      #expect(AdamW.decays(parameter) == Named.decays(parameter), "\(name)")
    }
    #expect(
      model.parameters(of: .text).map(\.name)
        == model.parameters.map(\.name).filter { $0.hasPrefix("text.") })
  }
}
