using System.IO.Enumeration;
using System.Runtime.CompilerServices;

namespace PipelineBackup.Sinks.FileSystem;

/// <summary>Lists the objects of a store in the ordinal order of their full names.</summary>
/// <remarks>
/// That is not the order of a walk directory by directory: <c>a-b</c> and <c>a.b</c> come before <c>a/b</c>, because
/// <c>-</c> and <c>.</c> come before <c>/</c>. Sorting the entries of each directory with a <c>/</c> at the end of the
/// directories' names makes the walk come out in order, so that no more than one directory a level is in memory.
/// </remarks>
internal static class StoreListing
{
    private static readonly EnumerationOptions s_everything = new()
    {
        // A directory that cannot be read must fail the listing: it would not be complete.
        IgnoreInaccessible = false,
        AttributesToSkip = 0,
    };

    /// <summary>Lists the objects whose names start with a prefix and come after a name.</summary>
    /// <param name="root">Full path of the store.</param>
    /// <param name="prefix">The start of the names, by characters.</param>
    /// <param name="after">The name; empty for all.</param>
    /// <param name="cancellationToken">Ends the listing.</param>
    public static async IAsyncEnumerable<StoredObject> ListAsync(
        string root, string prefix, string after, [EnumeratorCancellation] CancellationToken cancellationToken)
    {
        cancellationToken.ThrowIfCancellationRequested();
        if (!Directory.Exists(root))
            throw FileSystemFailure.NotFound($"the store '{root}' is not there");

        // The directories that the walk is in, each with what is left of it, in reverse so that the next is the last.
        var open = new Stack<List<Entry>>();
        open.Push(await ReadAsync(root, "", prefix, after, cancellationToken));
        while (open.TryPeek(out var entries))
        {
            cancellationToken.ThrowIfCancellationRequested();
            if (entries.Count == 0)
            {
                open.Pop();
                continue;
            }

            var entry = entries[^1];
            entries.RemoveAt(entries.Count - 1);
            if (entry.Length is { } length)
                yield return new(ObjectName.Of(entry.Name), length) { Written = entry.Written };
            else
                open.Push(await ReadAsync(root, entry.Name, prefix, after, cancellationToken));
        }
    }

    private static Task<List<Entry>> ReadAsync(
        string root, string name, string prefix, string after, CancellationToken cancellationToken) =>
        Task.Run(() => Read(root, name, prefix, after), cancellationToken);

    private static List<Entry> Read(string root, string name, string prefix, string after)
    {
        var entries = new List<Entry>();
        try
        {
            // Opens the directory at once.
            var found = new FileSystemEnumerable<(string Name, bool IsDirectory)>(
                Path.Combine(root, name),
                (ref FileSystemEntry entry) =>
                    ($"{name}{entry.FileName}{(entry.IsDirectory ? "/" : "")}", entry.IsDirectory),
                s_everything);
            foreach (var (full, isDirectory) in found)
            {
                if (Judge(root, full, isDirectory, prefix, after) is { } entry)
                    entries.Add(entry);
            }
        }
        catch (DirectoryNotFoundException)
        {
            // Removed since the listing came past the directory above.
        }
        catch (Exception failure) when (FileSystemFailure.Is(failure))
        {
            throw FileSystemFailure.Of(failure, $"cannot list '{Path.Combine(root, name)}'");
        }

        entries.Sort((a, b) => string.CompareOrdinal(b.Name, a.Name));
        return entries;
    }

    // Null for what is none of the store's: other names, temporary files, links, other prefixes, what does not come after
    // the name, what is gone meanwhile.
    private static Entry? Judge(string root, string name, bool isDirectory, string prefix, string after)
    {
        bool inside = name.StartsWith(prefix, StringComparison.Ordinal);
        bool above = isDirectory && prefix.StartsWith(name, StringComparison.Ordinal);
        // A directory's objects all begin with its name: they come after what it comes after, and some perhaps after what
        // begins with it too.
        bool later = string.CompareOrdinal(name, after) > 0
            || (isDirectory && after.StartsWith(name, StringComparison.Ordinal));
        if (!(inside || above) || !later || !ObjectName.TryParse(isDirectory ? name[..^1] : name, out _))
            return null;
        string path = Path.Combine(root, isDirectory ? name[..^1] : name);
        if (StoreDirectory.IsLink(path))
            return null;
        try
        {
            // Not after a look whether it is there: to whom looking is not permitted it says no, and the listing would
            // not be complete.
            if (isDirectory)
                return new(name, null, default);
            var file = new FileInfo(path);
            return new(name, file.Length, new(file.LastWriteTimeUtc));
        }
        catch (FileNotFoundException)
        {
            return null;
        }
    }

    /// <summary>An entry of a directory.</summary>
    /// <param name="Name">Full name in the store; that of a directory ends in a slash.</param>
    /// <param name="Length">Length of an object; null for a directory.</param>
    /// <param name="Written">When an object was written.</param>
    private readonly record struct Entry(string Name, long? Length, DateTimeOffset Written);
}
