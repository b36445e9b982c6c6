namespace PipelineBackup.Ese;

/// <summary>What is found at the path of a database: its headers, or why there are none.</summary>
/// <param name="Found">What is there.</param>
/// <param name="Pair">The headers; null when there is no file that can be opened.</param>
internal sealed record DatabaseHead(FoundFile Found, HeaderPair? Pair = null)
{
    /// <summary>Looks at a path.</summary>
    /// <param name="disk">The disk.</param>
    /// <param name="path">The path; any text, since it may come from a log.</param>
    /// <exception cref="IOException">The file is there and cannot be read.</exception>
    public static DatabaseHead Read(IDisk disk, string path)
    {
        if (path.Length == 0 || path.Contains('\0', StringComparison.Ordinal))
            return new(FoundFile.NoPlace);
        try
        {
            if (!disk.FileExists(path))
            {
                string? folder = Path.GetDirectoryName(Path.GetFullPath(path));
                return new(folder is not null && disk.DirectoryExists(folder) ? FoundFile.Missing : FoundFile.NoPlace);
            }

            using var file = disk.Open(path, DiskAccess.Read);
            byte[] start = new byte[HeaderPair.StartBytes];
            var pair = HeaderPair.Read(start.AsSpan(0, file.Read(start, 0)));
            return new(pair.IsReadable ? FoundFile.Database : IsTrace(start) ? FoundFile.Damaged : FoundFile.Alien, pair);
        }
        catch (UnauthorizedAccessException)
        {
            return new(FoundFile.Denied);
        }
        catch (Exception e) when (e is FileNotFoundException or DirectoryNotFoundException)
        {
            return new(FoundFile.Missing);
        }
        catch (Exception e) when (e is ArgumentException or NotSupportedException or PathTooLongException)
        {
            return new(FoundFile.NoPlace);
        }
    }

    // What is left of a database: its number is legible in a header, or nothing is, because its creation broke off.
    private static bool IsTrace(ReadOnlySpan<byte> start) =>
        HeaderPair.LooksLikeDatabase(start) || !start.ContainsAnyExcept((byte)0);
}
