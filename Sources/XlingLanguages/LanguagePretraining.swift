import XlingCore

/// Published multilingual models whose lists of languages the cards hold.
public enum PretrainedModel: String, Sendable, CaseIterable, Codable {
  case mBERT = "mbert"
  case xlmR = "xlm-r"
  case mT5 = "mt5"
  case mBART25 = "mbart-25"
  case mBART50 = "mbart-50"
  case m2m100 = "m2m-100"
  case nllb200 = "nllb-200"
  case laBSE = "labse"
  case mmBERT = "mmbert"
}

/// Which models were pretrained on a language, and on how much of it. A model that is not named did not
/// list the language; an amount that is nil is not known.
public struct LanguagePretraining: Sendable, Equatable, Codable {
  public var models: [PretrainedModel]
  /// XLM-R's CC-100, in GiB (arXiv:1911.02116, table 6).
  public var cc100GiB: Double?
  /// The same in millions of tokens, low where no spaces stand between words: compare bytes.
  public var cc100Mtokens: Double?
  /// mT5's mC4, in thousands of millions of tokens (arXiv:2010.11934, table 6).
  public var mc4Gtokens: Double?
  /// mmBERT's phase in which the language came in: 1 from the start, 2 in the middle, 3 at the end only.
  public var mmBERTPhase: Int?

  public init(
    models: [PretrainedModel] = [], cc100GiB: Double? = nil, cc100Mtokens: Double? = nil,
    mc4Gtokens: Double? = nil, mmBERTPhase: Int? = nil
  ) {
    self.models = models
    self.cc100GiB = cc100GiB
    self.cc100Mtokens = cc100Mtokens
    self.mc4Gtokens = mc4Gtokens
    self.mmBERTPhase = mmBERTPhase
  }

  /// The table `[pretraining]`.
  struct Table: Decodable {
    let value: LanguagePretraining

    init(from decoder: any Decoder) throws {
      let keys = try StrictKeys(
        decoder, named: "pretraining",
        known: ["models", "cc100_gib", "cc100_mtokens", "mc4_gtokens", "mmbert_phase"])
      value = LanguagePretraining(
        models: try keys.words(
          "models", known: PretrainedModel.allCases.map(\.rawValue).joined(separator: ", ")),
        cc100GiB: try keys.value("cc100_gib"), cc100Mtokens: try keys.value("cc100_mtokens"),
        mc4Gtokens: try keys.value("mc4_gtokens"), mmBERTPhase: try keys.value("mmbert_phase"))
      for (name, amount) in [
        ("cc100_gib", value.cc100GiB), ("cc100_mtokens", value.cc100Mtokens),
        ("mc4_gtokens", value.mc4Gtokens),
      ] {
        if let amount, !(amount >= 0) {
          throw keys.mistake(name, expected: "0 or more", found: "\(amount)")
        }
      }
      if let phase = value.mmBERTPhase, !(1...3).contains(phase) {
        throw keys.mistake("mmbert_phase", expected: "1 to 3", found: "\(phase)")
      }
    }
  }
}
