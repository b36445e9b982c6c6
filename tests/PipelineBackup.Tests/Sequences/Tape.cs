using PipelineBackup.Sequences;

namespace PipelineBackup.Tests.Sequences;

/// <summary>What a backup program keeps: of each file its token with its name, and its content.</summary>
internal sealed class Tape
{
    public List<(byte[] Name, byte[] Content)> Files { get; } = [];

    public IEnumerable<TokenedName> Names => Files.Select(file => TokenedName.FromBytes(file.Name));

    /// <summary>The files of a folder as a backup of another machine would have kept them.</summary>
    public static Tape Of(string folder, string original)
    {
        var tape = new Tape();
        foreach (string path in Directory.GetFiles(folder).Order(StringComparer.Ordinal))
        {
            var token = path.EndsWith(".edb", StringComparison.Ordinal) ? FileToken.Database : FileToken.Log;
            tape.Files.Add((new TokenedName(token, original + Path.GetFileName(path)).ToBytes(), File.ReadAllBytes(path)));
        }

        return tape;
    }

    public async Task CopyAsync(ExchangeBackup backup, IEnumerable<TokenedName> files, int pages = 16)
    {
        foreach (var name in files)
        {
            var file = await backup.OpenFileAsync(name);
            Files.Add((name.ToBytes(), await ReadAsync(
                file, pages, buffer => backup.ReadFileAsync(file, buffer))));
            await backup.CloseFileAsync(file);
        }
    }

    public async Task CopyAsync(Exchange4Backup backup, IEnumerable<TokenedName> files, int pages = 16)
    {
        foreach (var name in files)
        {
            var file = await backup.OpenFileAsync(name);
            Files.Add((name.ToBytes(), await ReadAsync(file, pages, buffer => backup.ReadAsync(file, buffer))));
            await backup.CloseAsync(file);
        }
    }

    /// <summary>Gives all files to a restore.</summary>
    public async Task RestoreAsync(ExchangeRestore restore, Func<TokenedName, bool>? isWanted = null)
    {
        foreach (var name in Names.Where(name => name.Token == FileToken.Database && isWanted?.Invoke(name) != false))
            await restore.AddDatabaseAsync(name);
        foreach (var (bytes, content) in Files)
        {
            var name = TokenedName.FromBytes(bytes);
            if (name.Token != FileToken.Database || isWanted?.Invoke(name) != false)
                await WriteAsync(restore, name, content);
        }
    }

    public static async Task WriteAsync(ExchangeRestore restore, TokenedName name, byte[] content)
    {
        const int Chunk = 100_000;
        int handle = await restore.OpenFileAsync(name, content.Length);
        for (int at = 0; at < content.Length; at += Chunk)
            await restore.WriteFileAsync(handle, content.AsMemory(at, Math.Min(Chunk, content.Length - at)));
        await restore.CloseFileAsync(handle);
    }

    private static async Task<byte[]> ReadAsync(OpenedFile file, int pages, Func<Memory<byte>, ValueTask<int>> read)
    {
        byte[] content = new byte[file.Length], buffer = new byte[pages * file.PageSize];
        int at = 0;
        for (int got; (got = await read(buffer)) > 0; at += got)
            buffer.AsSpan(0, got).CopyTo(content.AsSpan(at));
        Assert.Equal(file.Length, at);
        return content;
    }
}
