import XlingData

/// What a quickstart does, in numbers. The cards' rates are near the best of a few tried on the val split,
/// in English.
public struct QuickstartPlan: Sendable, Equatable {
  /// The five methods, all thirty languages, the whole of scenes: some minutes.
  public static let whole = QuickstartPlan(
    steps: 80, scenes: .standard,
    further: [
      "de", "fr", "pt", "nl", "cs", "uk", "sv", "fi", "hu", "ro", "el", "bg", "ar", "he", "fa",
      "hi", "bn", "ja", "vi", "id", "th", "sw",
    ])

  /// The same way on little data, with few steps and eight languages: about a minute. It shows that
  /// everything works here, and hardly what is better.
  public static let small = QuickstartPlan(
    steps: 12, scenes: SceneCounts(train: 512, val: 64, test: 100), further: [])

  /// What has to be said of ``small``.
  public static let smallNote =
    "This is the small quickstart: little data and few steps, to see that everything works here. Which "
    + "method is better, only the whole one can say."

  public static let methods = ["projection", "layernorm", "lwa", "da", "full"]
  /// What the others are held against.
  public static let reference = "full"
  /// The seven of LilT's Table 2.
  public static let headline = ["ru", "pl", "tr", "zh", "ko", "it", "es"]

  /// Updates of each method, in batches of 64 pairs.
  public var steps: Int
  /// Pictures of the dataset, where it is built.
  public var scenes: SceneCounts
  /// Languages besides English and ``headline``.
  public var further: [String]

  public var isSmall: Bool { further.isEmpty }
  /// All but English.
  public var others: [String] { Self.headline + further }
  public var languages: [String] { ["en"] + others }
  /// Where it lies unless told otherwise.
  public var folder: String { isSmall ? "runs/quickstart-small" : "runs/quickstart" }
  public var data: String { isSmall ? "data/scenes-small" : "data/scenes" }
}
