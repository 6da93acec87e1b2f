import XlingLanguages
import XlingRuns
import XlingTowers

/// How much of a language the text tower of a run was pretrained on, as its card says.
struct Pretraining {
  private let data: PretrainingData

  /// Nil where there is no card, or it does not say. Throws what reading it and the run's record throws.
  init?(of run: String) throws {
    let tower = try RunFolder(run).record().identity.text
    guard let data = try PretrainingData.read(tower.folder) else { return nil }
    self.data = data
  }

  /// Nil where it is not known. A language that a list of amounts lacks has none.
  func amount(_ language: String, _ card: Language?) -> Double? {
    if let amounts = data.amounts { return amounts[language] ?? 0 }
    switch data.corpus {
    case "xlm-r": return card?.pretraining.cc100GiB ?? absent(.xlmR, card)
    case "mt5": return card?.pretraining.mc4Gtokens ?? absent(.mT5, card)
    case "mbert": return card?.resources.wikipedia?.articles2020.map(Double.init)
    default: return nil
    }
  }

  /// 0 where the card says that the model's list lacks the language.
  private func absent(_ model: PretrainedModel, _ card: Language?) -> Double? {
    card.flatMap { $0.pretraining.models.contains(model) ? nil : 0 }
  }
}
