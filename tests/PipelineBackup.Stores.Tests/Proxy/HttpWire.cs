using System.Globalization;
using System.Text;

namespace PipelineBackup.Stores.Tests.Proxy;

/// <summary>Takes the messages of HTTP/1.1 off a connection.</summary>
/// <param name="stream">The connection.</param>
internal sealed class HttpWire(Stream stream)
{
    private const int LongestHead = 64 << 10;

    private readonly byte[] _buffer = new byte[128 << 10];
    private int _start;
    private int _end;

    /// <summary>Takes what some bytes do with the body on its way: the bytes as they come, chunk marks included, and how many are content.</summary>
    /// <returns>Whether to go on.</returns>
    public delegate ValueTask<bool> Piece(ReadOnlyMemory<byte> bytes, int content);

    /// <summary>Takes a head.</summary>
    /// <returns>The head; null where the connection ended before it.</returns>
    public async Task<HttpHead?> ReadHeadAsync(CancellationToken cancellationToken)
    {
        while (true)
        {
            int length = _buffer.AsSpan(_start, _end - _start).IndexOf("\r\n\r\n"u8);
            if (length >= 0)
            {
                byte[] head = _buffer[_start..(_start + length + 4)];
                _start += head.Length;
                return new(head);
            }

            if (_end - _start > LongestHead || await FillAsync(cancellationToken) == 0)
                return _end == _start ? null : throw new IOException("the head of a message broke off");
        }
    }

    /// <summary>Takes the body that belongs to a head.</summary>
    /// <param name="head">The head.</param>
    /// <param name="untilClose">Whether a body of no known length goes on to the end of the connection.</param>
    /// <param name="piece">Told of each piece.</param>
    /// <param name="cancellationToken">Ends the call.</param>
    /// <returns>Whether it was taken to its end.</returns>
    public Task<bool> ReadBodyAsync(HttpHead head, bool untilClose, Piece piece, CancellationToken cancellationToken) =>
        head.IsChunked ? ReadChunksAsync(piece, cancellationToken)
            : ReadPlainAsync(head.Length ?? (untilClose ? long.MaxValue : 0), head.Length is null, piece, cancellationToken);

    private async Task<bool> ReadPlainAsync(long length, bool untilClose, Piece piece, CancellationToken cancellationToken)
    {
        while (length > 0)
        {
            if (_start == _end && await FillAsync(cancellationToken) == 0)
                return untilClose ? true : throw new IOException("the body of a message broke off");
            int count = (int)Math.Min(length, _end - _start);
            if (!await piece(_buffer.AsMemory(_start, count), count))
                return false;
            _start += count;
            length -= count;
        }

        return true;
    }

    private async Task<bool> ReadChunksAsync(Piece piece, CancellationToken cancellationToken)
    {
        while (true)
        {
            var mark = await ReadLineAsync(cancellationToken);
            string text = Encoding.ASCII.GetString(mark.Span).Split(';')[0].Trim();
            long left = long.Parse(text, NumberStyles.HexNumber, CultureInfo.InvariantCulture);
            if (!await piece(mark, 0))
                return false;
            if (left == 0)
            {
                // Trailers, and the empty line behind them.
                while (true)
                {
                    var line = await ReadLineAsync(cancellationToken);
                    if (!await piece(line, 0))
                        return false;
                    if (line.Length == 2)
                        return true;
                }
            }

            if (!await ReadPlainAsync(left, false, piece, cancellationToken)
                || !await piece(await ReadLineAsync(cancellationToken), 0))
                return false;
        }
    }

    private async Task<ReadOnlyMemory<byte>> ReadLineAsync(CancellationToken cancellationToken)
    {
        while (true)
        {
            int length = _buffer.AsSpan(_start, _end - _start).IndexOf("\r\n"u8);
            if (length >= 0)
            {
                var line = _buffer.AsMemory(_start, length + 2);
                _start += line.Length;
                return line;
            }

            if (await FillAsync(cancellationToken) == 0)
                throw new IOException("the body of a message broke off");
        }
    }

    private async Task<int> FillAsync(CancellationToken cancellationToken)
    {
        if (_start > 0)
        {
            _buffer.AsSpan(_start, _end - _start).CopyTo(_buffer);
            (_start, _end) = (0, _end - _start);
        }

        if (_end == _buffer.Length)
            throw new IOException("a line of a message is too long");
        int read = await stream.ReadAsync(_buffer.AsMemory(_end), cancellationToken);
        _end += read;
        return read;
    }
}
