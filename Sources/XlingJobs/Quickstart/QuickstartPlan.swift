import XlingAdapters
import XlingAlignment
import XlingData

/// What a quickstart does, in numbers. The rates are near the best of a few tried on the val split, in
/// English.
public struct QuickstartPlan: Sendable, Equatable {
  public enum Kind: Sendable, Equatable {
    case usual, thorough, small, real
  }

  /// The five methods on the whole of scenes, in thirteen languages: those of the short table, and five of other
  /// families and scripts. Under five minutes on two cores without AVX-512.
  public static let usual = QuickstartPlan(
    .usual, steps: 80, scenes: .standard, further: ["fi", "ar", "hi", "ja", "sw"])

  /// The very runs of ``usual``, in all thirty languages.
  public static let thorough = QuickstartPlan(
    .thorough, steps: 80, scenes: .standard,
    further: [
      "de", "fr", "pt", "nl", "cs", "uk", "sv", "fi", "hu", "ro", "el", "bg", "ar", "he", "fa",
      "hi", "bn", "ja", "vi", "id", "th", "sw",
    ])

  /// The same way on little data, with few steps and eight languages: about a minute. It shows that
  /// everything works here, and hardly what is better.
  public static let small = QuickstartPlan(
    .small, steps: 12, scenes: SceneCounts(train: 512, val: 64, test: 100), further: [])

  /// Real pretrained towers on photographs and drawings with human sentences; the languages are those of the
  /// installed stamps that enough test pictures have.
  public static let real = QuickstartPlan(
    .real, steps: 1_600, scenes: .standard, further: [])

  /// What was given up for time, where anything was.
  public var note: String? {
    switch kind {
    case .small:
      "This is the small quickstart: little data and few steps, to see that everything works here. Which "
        + "method is better, only the whole one can say."
    case .usual:
      "Measured in \(languages.count) of \(Self.thorough.languages.count) languages, to be done in minutes: "
        + "quickstart --thorough measures the others on the same runs, and tests all of them together."
    case .thorough, .real: nil
    }
  }

  /// What the others are held against, where it is among them.
  public static let reference = "full"
  /// The seven of LilT's Table 2.
  public static let headline = ["ru", "pl", "tr", "zh", "ko", "it", "es"]

  public let kind: Kind
  /// Updates of each method, but for those that say their own.
  public var steps: Int
  /// Pictures of the dataset, where it is built.
  public var scenes: SceneCounts
  /// Of the short table, besides English: ``headline``, as far as the data have them.
  public var short = QuickstartPlan.headline
  /// Languages besides English and ``short``.
  public var further: [String]

  private init(_ kind: Kind, steps: Int, scenes: SceneCounts, further: [String]) {
    (self.kind, self.steps, self.scenes, self.further) = (kind, steps, scenes, further)
  }

  /// All but English.
  public var others: [String] { short + further }
  public var languages: [String] { ["en"] + others }
  /// Where it lies unless told otherwise.
  public var folder: String {
    switch kind {
    case .usual, .thorough: "runs/quickstart"
    case .small: "runs/quickstart-small"
    case .real: "runs/quickstart-real"
    }
  }
  public var data: String {
    switch kind {
    case .usual, .thorough: "data/scenes"
    case .small: "data/scenes-small"
    case .real: "data/stamps"
    }
  }

  /// Of the page in ``folder``; that of ``thorough`` lies beside the usual one, on the same runs.
  public var page: String { kind == .thorough ? "report-thorough" : "report" }

  public var methods: [Method] { kind == .real ? Method.real : Method.mini }
  /// What the others are held against.
  public var reference: String { kind == .real ? "lit" : Self.reference }
  /// The methods that examples and the plot show, the reference first.
  public var shown: [String] {
    kind == .real ? ["lit", "linear-regularized", "linear"] : [Self.reference, "lwa", "da"]
  }
  /// By whose results examples are drawn.
  public var deciding: String { shown[1] }

  /// A method's card with what is said beside it.
  public struct Method: Sendable, Equatable {
    /// In tables; the card's name where nothing is changed.
    public let name: String
    let card: String
    var options: [String] = []
    var textNoise: Double?
    var headDropout: Double?
    var rate: Double?
    var steps: Int?
    var batchSize: Int?

    static let mini = ["projection", "layernorm", "lwa", "da", "full"].map {
      Method(name: $0, card: $0)
    }

    /// Heads on vectors of locked towers, which are computed once for all of them, and the text tower
    /// trained whole above a locked image tower (LiT), whose steps cost a hundred times as much. All see the same
    /// two augmented views of each picture.
    static let real = [
      head("linear"), head("linear-noise", textNoise: 1, headDropout: 0.3),
      head(
        "linear-regularized", options: ["head_input=standardized"], textNoise: 1, headDropout: 0.7,
        steps: 1_600),
      head("hidden-noise", options: ["head=hidden"], textNoise: 1, headDropout: 0.3),
      Method(name: "lit", card: "lit", rate: 1e-4, steps: 60, batchSize: 64),
    ]

    private static func head(
      _ name: String, options: [String] = [], textNoise: Double? = nil, headDropout: Double? = nil,
      steps: Int = 400
    ) -> Method {
      Method(
        name: name, card: "projection", options: options, textNoise: textNoise,
        headDropout: headDropout, rate: 3e-3, steps: steps, batchSize: 256)
    }

    /// For a dataset of so many training pictures. Throws what reading the card and changing it throws.
    func recipe(
      _ plan: QuickstartPlan, pictures: Int
    ) throws -> (Recipe, TrainingSettings) {
      let card = try MethodCards.named(card)
      var (recipe, settings) = (card.recipe, card.training)
      for option in options { try RecipeChange(assignment: option).apply(to: &recipe) }
      settings.steps = min(steps ?? .max, plan.steps)
      settings.rate = rate ?? settings.rate
      settings.batchSize = batchSize.map { min($0, pictures) } ?? settings.batchSize
      (settings.textNoise, settings.headDropout) = (textNoise, headDropout)
      if plan.kind == .real {
        settings.prompt = "query: "
        settings.imagePooling = .clsMean
        (settings.augment, settings.cacheViews) = (.mild, 2)
      }
      settings.checkpointEvery = max(25, plan.steps / 4)
      return (recipe, settings)
    }
  }
}
