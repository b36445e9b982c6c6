using System.Xml.Linq;

namespace PipelineBackup.Laws;

/// <summary>The text files of the project by path, so that a law can be held against a made-up tree too.</summary>
/// <param name="files">Text by path; paths are relative to the root, with <c>/</c>.</param>
internal sealed class SourceTree(IReadOnlyDictionary<string, string> files)
{
    private static readonly HashSet<string> s_notOurs =
        ["bin", "obj", ".git", ".vs", ".idea", "TestResults", "BenchmarkDotNet.Artifacts"];

    private static readonly HashSet<string> s_binary = [".gz", ".bin", ".log", ".chk"];

    /// <summary>The tree on the disk.</summary>
    public static SourceTree OnDisk { get; } = Load(GoldenSets.ProjectRoot);

    /// <summary>Text by path.</summary>
    public IReadOnlyDictionary<string, string> Files => files;

    /// <summary>
    /// The project files; those of templates are not of this house, but of whoever makes something of them.
    /// </summary>
    public IEnumerable<ProjectFile> Projects => files.OrderBy(file => file.Key, StringComparer.Ordinal)
        .Where(file => file.Key.EndsWith(".csproj", StringComparison.Ordinal))
        .Where(file => !file.Key.StartsWith("src/PipelineBackup.Templates/templates/", StringComparison.Ordinal))
        .Select(file => new ProjectFile(file.Key, XDocument.Parse(file.Value)));

    /// <summary>A made-up tree.</summary>
    public static SourceTree Of(params (string Path, string Text)[] files) =>
        new(files.ToDictionary(file => file.Path, file => file.Text));

    /// <summary>The C# files below some folders.</summary>
    public IEnumerable<KeyValuePair<string, string>> Code(params string[] folders) => files
        .Where(file => file.Key.EndsWith(".cs", StringComparison.Ordinal))
        .Where(file => folders.Length == 0 || folders.Contains(file.Key.Split('/')[0]))
        .OrderBy(file => file.Key, StringComparer.Ordinal);

    private static SourceTree Load(string root)
    {
        var found = new Dictionary<string, string>();
        var folders = new Stack<DirectoryInfo>([new DirectoryInfo(root)]);
        while (folders.TryPop(out var folder))
        {
            foreach (var inner in folder.EnumerateDirectories().Where(inner => !s_notOurs.Contains(inner.Name)))
                folders.Push(inner);
            foreach (var file in folder.EnumerateFiles())
            {
                string path = Path.GetRelativePath(root, file.FullName).Replace('\\', '/');
                // In a second work tree '.git' is a file.
                if (!s_binary.Contains(file.Extension) && path != ".git")
                    found.Add(path, File.ReadAllText(file.FullName));
            }
        }

        return new(found);
    }
}

/// <summary>What a project file says of others.</summary>
/// <param name="path">Its path, relative to the root.</param>
/// <param name="content">Its content.</param>
internal sealed class ProjectFile(string path, XDocument content)
{
    /// <summary>Its path.</summary>
    public string Path => path;

    /// <summary>Its name.</summary>
    public string Name { get; } = NameOf(path);

    /// <summary>The folder of the root that it lies in, for instance <c>src</c>.</summary>
    public string Quarter => path.Split('/')[0];

    /// <summary>Names of the projects it references.</summary>
    public IEnumerable<string> Projects => Included("ProjectReference").Select(NameOf);

    /// <summary>Names of the packages it references.</summary>
    public IEnumerable<string> Packages => Included("PackageReference");

    /// <summary>Packages that it gives a version itself.</summary>
    public IEnumerable<string> Versions => content.Descendants("PackageReference")
        .Where(package => package.Attribute("Version") is not null || package.Element("Version") is not null)
        .Select(package => (string?)package.Attribute("Include") ?? (string?)package.Attribute("Update") ?? "");

    /// <summary>Files of elsewhere that it compiles, as it names them.</summary>
    public IEnumerable<string> Linked => Included("Compile").Select(file => file.Replace('\\', '/'));

    /// <summary>Assemblies that it shows its internals.</summary>
    public IEnumerable<string> Friends => Included("InternalsVisibleTo");

    /// <summary>The name of a project whose path is given.</summary>
    public static string NameOf(string project) =>
        System.IO.Path.GetFileNameWithoutExtension(project.Replace('\\', '/'));

    private IEnumerable<string> Included(string element) =>
        content.Descendants(element).Select(item => (string?)item.Attribute("Include")).OfType<string>();
}
