namespace PipelineBackup.Cli.Recovery;

/// <summary>The pairs of <c>--map OLD=NEW</c>.</summary>
internal static class PathMap
{
    /// <summary>Takes the pairs. Original paths compare as Windows paths do, whatever system this is.</summary>
    /// <param name="pairs">What was typed.</param>
    /// <exception cref="UsageException">One is no pair, or names what another one does.</exception>
    public static Dictionary<string, string> Parse(string[] pairs)
    {
        var map = new Dictionary<string, string>(StringComparer.OrdinalIgnoreCase);
        foreach (string pair in pairs)
        {
            int equals = pair.IndexOf('=', StringComparison.Ordinal);
            if (equals <= 0 || equals == pair.Length - 1)
                throw new UsageException($"'{pair}' maps nothing",
                    "write --map OLD=NEW, for instance --map ntds.dit=restored/ntds.dit");
            if (!map.TryAdd(pair[..equals], pair[(equals + 1)..]))
                throw new UsageException($"'{pair[..equals]}' is mapped twice", "name each database once");
        }

        return map;
    }

    /// <summary>The last part of a path as it was logged: a Windows path, whatever system this is.</summary>
    public static string NameOf(string logged) => logged[(logged.LastIndexOfAny(['\\', '/', ':']) + 1)..];
}
