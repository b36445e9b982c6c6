using System.Buffers;

namespace Company.SinkProject;

/// <summary>
/// Stands for the client of your store: objects by key, created once, each in a file of a folder. Replace it; what the
/// sink asks of it is what a store must be able to do.
/// </summary>
/// <param name="folder">The folder.</param>
/// <remarks>
/// <code>
/// folder/
///   +new/GUID          being written
///   set+/backups+/x    the object 'set/backups/x'
/// </code>
/// No key has a '+', so an object 'a' may lie beside an object 'a/b', and neither beside what is being written.
/// </remarks>
internal sealed class StoreNameClient(string folder)
{
    private string New => Path.Combine(folder, "+new");

    /// <summary>Whether the store is there.</summary>
    public bool Exists() => Directory.Exists(New);

    /// <summary>Makes the store.</summary>
    public void Create() => Directory.CreateDirectory(New);

    /// <summary>
    /// Creates an object, visible to others only once it is whole and durable: of two writers exactly one succeeds.
    /// </summary>
    /// <returns>Whether it was created; if not, the key is taken.</returns>
    public async Task<bool> CreateAsync(string key, ReadOnlySequence<byte> content, CancellationToken cancellationToken)
    {
        cancellationToken.ThrowIfCancellationRequested();
        string path = PathOf(key), unfinished = Path.Combine(New, Guid.NewGuid().ToString("N"));
        // A look first, so that nothing is written for nothing; the move below is what decides.
        if (File.Exists(path))
            return false;
        try
        {
            await using (var file = new FileStream(
                unfinished, FileMode.CreateNew, FileAccess.Write, FileShare.None, bufferSize: 0, useAsync: true))
            {
                foreach (var part in content)
                    await file.WriteAsync(part, cancellationToken).ConfigureAwait(false);
                cancellationToken.ThrowIfCancellationRequested();
                file.Flush(flushToDisk: true);
            }

            Directory.CreateDirectory(Path.GetDirectoryName(path)!);
            File.Move(unfinished, path, overwrite: false);
            return true;
        }
        catch (IOException) when (File.Exists(path) && File.Exists(unfinished))
        {
            return false;
        }
        finally
        {
            File.Delete(unfinished);
        }
    }

    /// <summary>Length of an object in bytes; null when there is none.</summary>
    public long? Find(string key)
    {
        var file = new FileInfo(PathOf(key));
        return file.Exists ? file.Length : null;
    }

    /// <summary>Opens a part of an object, which must lie inside it.</summary>
    public Stream OpenRead(string key, long offset, long length)
    {
        var file = new FileStream(
            PathOf(key), FileMode.Open, FileAccess.Read, FileShare.Read | FileShare.Delete, 1 << 16, useAsync: true)
        {
            Position = offset,
        };
        return new RangeStream(file, length);
    }

    /// <summary>The objects whose keys begin with a prefix, in ordinal order.</summary>
    public IReadOnlyList<(string Key, long Length)> List(string prefix, CancellationToken cancellationToken)
    {
        var found = new List<(string Key, long Length)>();
        foreach (var file in new DirectoryInfo(folder).EnumerateFiles("*", SearchOption.AllDirectories))
        {
            cancellationToken.ThrowIfCancellationRequested();
            string path = Path.GetRelativePath(folder, file.FullName).Replace(Path.DirectorySeparatorChar, '/');
            string key = path.Replace("+/", "/", StringComparison.Ordinal);
            if (path.StartsWith('+') || !key.StartsWith(prefix, StringComparison.Ordinal))
                continue;
            // Deleted meanwhile, it is none of the listing.
            if (Find(key) is { } length)
                found.Add((key, length));
        }

        found.Sort((a, b) => string.CompareOrdinal(a.Key, b.Key));
        return found;
    }

    /// <summary>Deletes an object, if it is there.</summary>
    public void Delete(string key)
    {
        if (File.Exists(PathOf(key)))
            File.Delete(PathOf(key));
    }

    private string PathOf(string key)
    {
        string[] parts = key.Split('/');
        return Path.Combine([folder, .. parts[..^1].Select(part => part + "+"), parts[^1]]);
    }
}
