using System.Collections.Concurrent;
using PipelineBackup.Shared;

namespace PipelineBackup.Sinks.FileSystem;

/// <summary>
/// The directory of a store: where an object lies in it, and that no way to an object leaves it. Below the store's own
/// directory no symbolic link is followed, neither to read nor to write nor to list.
/// </summary>
/// <param name="root">Full path of the directory; it may itself be a link.</param>
internal sealed class StoreDirectory(string root)
{
    /// <summary>
    /// The directory of files that are being written; its leading dot keeps it apart from every object.
    /// </summary>
    public const string TemporaryName = ".tmp";

    // Directories whose own names are known to be on disk: a directory that another process made a moment ago is there,
    // but may be lost in a power cut with all that is put into it.
    private readonly ConcurrentDictionary<string, bool> _durable = new();

    // Names that Windows gives to devices, whatever extension follows.
    private static readonly string[] s_devices =
    [
        "CON", "PRN", "AUX", "NUL", .. Enumerable.Range(1, 9).SelectMany(n => new[] { $"COM{n}", $"LPT{n}" }),
    ];

    /// <summary>Full path of the directory.</summary>
    public string Root => root;

    /// <summary>Full path of the directory of files that are being written.</summary>
    public string Temporaries => Path.Combine(root, TemporaryName);

    /// <summary>
    /// Where an object lies. Refuses links on the way there; what is at the end may be anything or nothing.
    /// </summary>
    /// <param name="name">The object.</param>
    /// <exception cref="SinkException">
    /// A directory on the way is a symbolic link, or Windows cannot have such a name.
    /// </exception>
    public string PathOf(ObjectName name)
    {
        string text = name.ToString();
        if (text.Length == 0)
            throw new ArgumentException("the default name names nothing", nameof(name));
        if (OperatingSystem.IsWindows())
            RefuseWindowsName(text);
        for (int slash = text.IndexOf('/', StringComparison.Ordinal); slash >= 0; slash = text.IndexOf('/', slash + 1))
            RefuseLink(Path.Combine(root, text[..slash]));
        return Path.Combine(root, text);
    }

    /// <summary>Makes the directories on the way to an object, each durable in the one above.</summary>
    /// <param name="path">Where the object will lie.</param>
    /// <returns>The directory that will hold it.</returns>
    public string MakeWay(string path)
    {
        string directory = Path.GetDirectoryName(path)!;
        if (_durable.ContainsKey(directory) && Directory.Exists(directory))
            return directory;
        if (directory.Length > root.Length)
        {
            string parent = MakeWay(directory);
            Directory.CreateDirectory(directory);
            DurableFile.FlushDirectory(parent);
        }
        else if (!Directory.Exists(directory))
        {
            // The store itself went away; making it anew would hide, for instance, a disk that is no longer mounted.
            throw FileSystemFailure.NotFound($"the store '{root}' is no longer there");
        }

        _durable[directory] = true;
        return directory;
    }

    /// <summary>Whether something is a symbolic link or junction.</summary>
    /// <param name="path">The path; nothing need be there.</param>
    public static bool IsLink(string path) => new FileInfo(path).LinkTarget is not null;

    /// <summary>Refuses a symbolic link.</summary>
    /// <param name="path">The path; nothing need be there.</param>
    /// <exception cref="SinkException">It is one.</exception>
    public static void RefuseLink(string path)
    {
        if (IsLink(path))
            throw FileSystemFailure.Link(path);
    }

    // Windows drops a dot at the end and opens a device for its name: two objects would be one file, or none.
    private static void RefuseWindowsName(string name)
    {
        foreach (string segment in name.Split('/'))
        {
            if (segment.EndsWith('.') || s_devices.Contains(segment.Split('.')[0], StringComparer.OrdinalIgnoreCase))
            {
                throw new SinkException($"Windows cannot have a file '{segment}', which object '{name}' needs")
                {
                    Hint = "choose another name for the set",
                };
            }
        }
    }
}
