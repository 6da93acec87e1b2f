/// What a study's cells refer to, by content.
public struct StudyInputs: Sendable {
  /// Of the training data, and of what is measured on.
  public let data: String
  public let measuredData: String
  /// The languages measured, the data's codes in their order; and those by which a rate is chosen.
  public let languages: [String]
  public let choiceLanguages: [String]
  /// What decides the text towers that the study makes, by name.
  public let madeTowers: [String: String]
  /// SHA-256 of translations, by the data's code of their language.
  public let translations: [String: String]
  /// Of a text tower's folder, an image tower's (nil: shipped), and the tokenizer.
  public let towers: @Sendable (_ text: String?, _ image: String?) throws -> String
  /// The steps of a training under the study's budget; nil where steps are said.
  public let steps: (@Sendable (CellTraining) throws -> Int)?
  /// nil where cells are aligned runs.
  public let classes: Classes?

  /// What classifiers refer to; ``StudyInputs/data`` is that of the runs that they are made of.
  public struct Classes: Sendable {
    /// Of the pictures that are trained on.
    public let data: String
    /// Never trained on.
    public let heldOut: [String]
    /// Of the pictures that are measured on, with the names of their data.
    public let tests: [String]

    public init(data: String, heldOut: [String], tests: [String]) {
      (self.data, self.heldOut, self.tests) = (data, heldOut, tests)
    }
  }

  public init(
    data: String, measuredData: String, languages: [String], choiceLanguages: [String],
    translations: [String: String] = [:], madeTowers: [String: String] = [:],
    towers: @escaping @Sendable (_ text: String?, _ image: String?) throws -> String,
    steps: (@Sendable (CellTraining) throws -> Int)? = nil, classes: Classes? = nil
  ) {
    (self.steps, self.classes) = (steps, classes)
    (self.data, self.measuredData, self.languages) = (data, measuredData, languages)
    (self.choiceLanguages, self.towers) = (choiceLanguages, towers)
    (self.translations, self.madeTowers) = (translations, madeTowers)
  }
}
