import Testing
import XlingCore

@Suite struct PathPartsTests {
  @Test(arguments: [
    ("q", ".", "q"), ("q/", ".", "q"), ("./q", ".", "q"), ("é", ".", "é"), ("a/b/c", "a/b", "c"),
    ("a//b", "a", "b"), ("/", "/", "/"), ("/a", "/", "a"), ("", ".", ""),
  ])
  func nameAndFolder(path: String, folder: String, name: String) {
    #expect(PathParts.folder(of: path) == folder)
    #expect(PathParts.name(of: path) == name)
  }

  @Test(arguments: [
    ("a/b.toml", "a/b", "toml"), ("a.b/c", "a.b/c", ""), (".hidden", ".hidden", ""), ("q", "q", ""),
    ("x.tar.gz", "x.tar", "gz"), ("a.", "a.", ""),
  ])
  func extensions(path: String, rest: String, found: String) {
    #expect(PathParts.withoutExtension(path) == rest)
    #expect(PathParts.fileExtension(of: path) == found)
  }
}
