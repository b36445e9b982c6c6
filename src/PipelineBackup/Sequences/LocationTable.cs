namespace PipelineBackup.Sequences;

/// <summary>
/// Where the files of an instance go at restore: found by the token and the name that were kept with a copy.
/// </summary>
/// <param name="rows">
/// The rows: databases and their companions with their full paths, logs and checkpoint with their directories.
/// </param>
public sealed class LocationTable(IReadOnlyList<TokenedName> rows)
{
    /// <summary>The rows.</summary>
    public IReadOnlyList<TokenedName> Rows { get; } = rows;

    /// <summary>The path that a file goes to.</summary>
    /// <param name="file">Its token and the path it was backed up from.</param>
    /// <returns>Null when no row, or more than one, is about it.</returns>
    public string? Find(TokenedName file)
    {
        ArgumentNullException.ThrowIfNull(file);
        if (file.BelongsToDatabases)
            return FindDatabase(file);
        return file.BelongsToLogs && IsPlain(file.FileName) && Find(FileToken.LogDirectory) is { } directory
            ? Path.Combine(directory, file.FileName)
            : null;
    }

    /// <summary>The directory that a token of a directory stands for; null when there is no row of it.</summary>
    /// <param name="token">The token.</param>
    public string? Find(FileToken token) => Rows.FirstOrDefault(row => row.Token == token)?.Path;

    /// <summary>The table of an instance that runs.</summary>
    internal static LocationTable Of(InstanceInfo instance)
    {
        var rows = new List<TokenedName>();
        foreach (var database in instance.Databases)
        {
            rows.Add(new(FileToken.Database, database.Path));
            if (database.CompanionPath.Length > 0)
                rows.Add(new(FileToken.StreamingCompanion, database.CompanionPath));
        }

        if (instance.LogDirectory.Length > 0)
            rows.Add(new(FileToken.LogDirectory, instance.LogDirectory));
        if (instance.CheckpointDirectory.Length > 0)
            rows.Add(new(FileToken.CheckpointDirectory, instance.CheckpointDirectory));
        return new(rows);
    }

    /// <summary>Whether a name is one of a file and leads nowhere else.</summary>
    internal static bool IsPlain(string name) =>
        name is not ("" or "." or "..") && name.AsSpan().IndexOfAny("\\/:\0") < 0;

    // By its path; by its name where it was elsewhere.
    private string? FindDatabase(TokenedName file)
    {
        var same = Rows.Where(row => row.Token == file.Token).ToList();
        var found = same.Where(row => row.Path == file.Path).ToList();
        if (found.Count == 0)
            found = [.. same.Where(row => row.FileName.Equals(file.FileName, StringComparison.OrdinalIgnoreCase))];
        return found.Count == 1 ? found[0].Path : null;
    }
}
