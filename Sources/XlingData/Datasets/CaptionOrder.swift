/// Which of several captions of a picture a step of training shows.
public enum CaptionOrder: String, Codable, Sendable, CaseIterable {
  /// One drawn at random, whatever was drawn before.
  case drawn
  /// The next one each epoch, from one that the seed draws for the picture: after as many epochs as it has
  /// captions, each was shown once, but for epochs whose last batch leaves the picture out.
  case inTurn = "in-turn"
}
