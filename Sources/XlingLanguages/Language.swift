/// What a card in languages/ says about one language.
public struct Language: Sendable, Equatable {
  public typealias Direction = LanguageScript.Direction

  /// BCP 47: "tr", "zh-Hant".
  public let code: String
  /// In English.
  public let name: String
  /// In the language itself, as CLDR has it; nil where CLDR has no locale of it.
  public let nativeName: String?
  public let codes: LanguageCodes
  public let writing: LanguageScript
  public let family: LanguageFamily
  public let resources: LanguageResources
  public let pretraining: LanguagePretraining
  public let evaluation: LanguageEvaluation
  public let traps: [LanguageTrap]

  public init(
    code: String, name: String, nativeName: String? = nil, codes: LanguageCodes = LanguageCodes(),
    writing: LanguageScript, family: LanguageFamily = LanguageFamily(),
    resources: LanguageResources = LanguageResources(),
    pretraining: LanguagePretraining = LanguagePretraining(),
    evaluation: LanguageEvaluation = LanguageEvaluation(), traps: [LanguageTrap] = []
  ) {
    self.code = code
    self.name = name
    self.nativeName = nativeName
    self.codes = codes
    self.writing = writing
    self.family = family
    self.resources = resources
    self.pretraining = pretraining
    self.evaluation = evaluation
    self.traps = traps
  }

  /// ISO 15924: "Latn".
  public var script: String { writing.main }
  public var direction: Direction { writing.direction }
  /// Other codes for it in use ("nb" for "no").
  public var aliases: [String] { codes.aliases }
}
