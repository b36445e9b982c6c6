namespace PipelineBackup.Ese;

/// <summary>Where the databases of the logs are now.</summary>
/// <remarks>
/// A logged path is compared as a Windows path on every system: without regard to letter case, either slash, whatever
/// stands for the same folder. Who is not found by path is found by signature among the files of the map; who is not
/// in the map lies in the folder given for databases, or at its logged path.
/// </remarks>
internal sealed class DatabaseMap
{
    private readonly RecoveryOptions _options;
    private readonly Dictionary<string, string> _byPath = new(StringComparer.OrdinalIgnoreCase);
    private readonly Dictionary<string, string> _byName = new(StringComparer.OrdinalIgnoreCase);
    private Dictionary<Signature, string>? _bySignature;

    /// <summary>Reads the map.</summary>
    /// <param name="options">What the caller asked for.</param>
    /// <exception cref="EseException">−1201: a logged path or a file is there twice; −1003: an entry is empty.</exception>
    public DatabaseMap(RecoveryOptions options)
    {
        _options = options;
        var files = new HashSet<string>(OperatingSystem.IsWindows()
            ? StringComparer.OrdinalIgnoreCase : StringComparer.Ordinal);
        foreach (var mapping in options.Map)
        {
            if (mapping.Logged.Length == 0 || mapping.Path.Length == 0)
                throw new EseException(EseError.InvalidParameter, "an entry of the map has no path");
            var table = mapping.Logged.AsSpan().ContainsAny('\\', '/', ':') ? _byPath : _byName;
            if (!table.TryAdd(Normalize(mapping.Logged), mapping.Path) || !files.Add(Path.GetFullPath(mapping.Path)))
            {
                throw new EseException(EseError.DatabaseDuplicate,
                    $"the map names '{mapping.Logged}' or '{mapping.Path}' twice", "name each database once");
            }
        }
    }

    /// <summary>Whether databases that are in no map are left out.</summary>
    public bool IsExclusive => _options.OnlyMapped;

    /// <summary>
    /// Where a database is; empty when its logged path is none of this system; null when it is not in the map and such
    /// databases are left out.
    /// </summary>
    /// <param name="logged">Its path in the logs.</param>
    /// <param name="signature">Its identity.</param>
    public string? Find(string logged, Signature signature)
    {
        string normal = Normalize(logged), name = NameOf(normal);
        if (_byPath.TryGetValue(normal, out string? path) || _byName.TryGetValue(name, out path))
            return path;
        _bySignature ??= ReadSignatures();
        if (_bySignature.TryGetValue(signature, out path))
            return path;
        if (IsExclusive)
            return null;
        if (_options.DatabaseDirectory is { } folder)
            return InFolder(folder, NameOf(logged));
        return Path.IsPathFullyQualified(logged) ? logged : "";
    }

    /// <summary>The last part of a logged path.</summary>
    /// <param name="logged">The path.</param>
    public static string NameOf(string logged)
    {
        string name = logged[(logged.AsSpan().LastIndexOfAny('\\', '/', ':') + 1)..];
        // What is no name of a file must not lead out of a folder.
        return name is "" or "." or ".." || name.Contains('\0', StringComparison.Ordinal) ? "_" : name;
    }

    /// <summary>A path as Windows sees it: one kind of slash, no empty parts, none that lead back.</summary>
    /// <param name="path">The path.</param>
    internal static string Normalize(string path)
    {
        string text = path.Replace('/', '\\');
        foreach (string prefix in (ReadOnlySpan<string>)[@"\\?\", @"\??\", @"\\.\"])
        {
            if (text.StartsWith(prefix, StringComparison.Ordinal))
                text = text[prefix.Length..];
        }

        bool isShare = text.StartsWith(@"\\", StringComparison.Ordinal);
        var parts = new List<string>();
        foreach (string part in text.Split('\\', StringSplitOptions.RemoveEmptyEntries))
        {
            if (part == ".." && parts.Count > 1)
                parts.RemoveAt(parts.Count - 1);
            else if (part is not ("." or ".."))
                parts.Add(part);
        }

        return (isShare ? @"\\" : text.StartsWith('\\') ? @"\" : "") + string.Join('\\', parts);
    }

    // The name in the logs may differ in letter case from that of the file.
    private string InFolder(string folder, string name)
    {
        string path = Path.Combine(folder, name);
        if (_options.Disk.FileExists(path) || !_options.Disk.DirectoryExists(folder))
            return path;
        return _options.Disk.ListFiles(folder)
            .FirstOrDefault(file => Path.GetFileName(file).Equals(name, StringComparison.OrdinalIgnoreCase)) ?? path;
    }

    private Dictionary<Signature, string> ReadSignatures()
    {
        var found = new Dictionary<Signature, string>();
        foreach (var mapping in _options.Map)
        {
            if (DatabaseHead.Read(_options.Disk, mapping.Path).Pair?.Header is { Signature.IsSet: true } header)
                found.TryAdd(header.Signature, mapping.Path);
        }

        return found;
    }
}
