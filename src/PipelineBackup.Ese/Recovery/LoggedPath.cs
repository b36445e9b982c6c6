namespace PipelineBackup.Ese;

/// <summary>
/// Paths as an engine logged them: Windows paths, whatever system this is. Letter case and the kind of slash make no
/// difference.
/// </summary>
internal static class LoggedPath
{
    /// <summary>Whether two paths mean the same file.</summary>
    public static bool Equal(string a, string b) =>
        Normal(a).Equals(Normal(b), StringComparison.OrdinalIgnoreCase);

    /// <summary>
    /// Whether the left side of a map means a logged path: by the whole path, or by the file name alone.
    /// </summary>
    /// <param name="name">A path or a file name.</param>
    /// <param name="logged">The logged path.</param>
    public static bool Names(string name, string logged) =>
        Equal(name, logged) || (!name.Contains('\\', StringComparison.Ordinal) && !name.Contains('/', StringComparison.Ordinal)
            && name.Equals(FileName(logged), StringComparison.OrdinalIgnoreCase));

    /// <summary>The file name.</summary>
    /// <param name="logged">A path.</param>
    public static string FileName(string logged) => logged[(logged.LastIndexOfAny(['\\', '/']) + 1)..];

    private static string Normal(string path) => path.Replace('/', '\\').TrimEnd('\\');
}
