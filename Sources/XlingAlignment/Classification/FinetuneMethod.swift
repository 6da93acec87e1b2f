import XlingAdapters
import XlingCore
import XlingTowers

/// What fine-tuning a classifier trains.
public struct FinetuneMethod: Codable, Sendable, Equatable {
  /// "prompt+layernorm".
  public let name: String
  /// Of the image tower.
  public let image: Recipe.Side
  /// Whether the classes' vectors, or the linear layer, are trained.
  public let trainsHead: Bool
  /// Whether the image side's projection is trained below a text head.
  public let trainsProjection: Bool

  /// The image side of a method's card. A module comes alone, without the LayerNorms that its card thaws
  /// beside it, so that both can be told apart; `with` names what is thawed besides (Kim 2022, Table 1). A
  /// linear head is trained under every method, the vectors of a text head under `linear-probe` alone: the
  /// others keep classes where their sentences are, seen or not. Throws
  /// ``AlignmentFailure/configuration(reason:)`` for a card that trains nothing of the image side, and for
  /// one in `with` that inserts something.
  public init(
    _ card: MethodCard, with others: [MethodCard] = [], head: ClassHead.Kind
  ) throws(AlignmentFailure) {
    var side = card.recipe.image
    let isProbe = card.name == Self.probe
    guard isProbe || !side.isLocked else {
      throw .configuration(
        reason: "the method \(card.name) trains nothing of the image side: expected linear-probe, "
          + "layernorm, prompt, lwa, compacter, full, or another whose image side learns")
    }
    guard side.start == .pretrained else {
      throw .configuration(
        reason: "the method \(card.name) begins with a random image tower, and a classifier begins "
          + "with an aligned one")
    }
    if !side.modules.isEmpty { side.thaw.removeAll { $0 == .layerNorm } }
    side.head = .linear
    var names = [isProbe ? "linear-probe" : card.name]
    for other in others {
      let rules = other.recipe.image.thaw
      guard other.recipe.image.modules.isEmpty, !rules.isEmpty, !rules.contains(.all) else {
        throw .configuration(
          reason:
            "--with \(other.name): expected layernorm, bitfit or another method that only thaws "
            + "a part of the tower")
      }
      guard !rules.allSatisfy(side.thaw.contains), !side.thaw.contains(.all) else {
        throw .configuration(
          reason: "--with \(other.name): \(names.joined(separator: "+")) trains that already")
      }
      side.thaw += rules.filter { !side.thaw.contains($0) }
      names.append(other.name)
    }
    name = names.joined(separator: "+")
    image = side
    trainsHead = isProbe || head == .linear
    trainsProjection = side.thaw.contains(.all)
  }

  init(_ configuration: FinetuneConfiguration) {
    (name, image) = (configuration.training.recipe.name, configuration.training.recipe.image)
    (trainsHead, trainsProjection) = (configuration.trainsHead, configuration.trainsProjection)
  }

  /// The card of `linear-probe`.
  private static let probe = "projection"

  /// As configurations and their hashes hold it.
  public var recipe: Recipe {
    Recipe(name: name, summary: "", text: .locked, image: image)
  }
}

/// Everything that decides a classifier's bits besides the run that it starts from, its classes and its
/// pictures.
public struct FinetuneConfiguration: Codable, Sendable, Equatable {
  /// Its recipe's image side is the method; of the text side, captions and temperature nothing is used.
  public var training: AlignmentConfiguration
  public var head: ClassHead.Kind
  public var trainsHead: Bool
  public var trainsProjection: Bool

  public init(_ method: FinetuneMethod, head: ClassHead.Kind, training: AlignmentConfiguration) {
    self.training = training
    self.training.recipe = method.recipe
    self.head = head
    (trainsHead, trainsProjection) = (method.trainsHead, method.trainsProjection)
  }

  public var method: FinetuneMethod { FinetuneMethod(self) }

  /// Without what changes no bits.
  public var decisive: FinetuneConfiguration {
    var decisive = self
    decisive.training = training.decisive
    return decisive
  }

  /// Training options that a classifier has.
  public static let options: Set<String> = [
    "steps", "epochs", "batch_size", "recompute", "rate", "warmup_steps", "final_rate_share",
    "schedule", "optimizer", "beta1", "beta2", "epsilon", "weight_decay", "clip", "seed", "augment",
    "checkpoint_every",
  ]
}
